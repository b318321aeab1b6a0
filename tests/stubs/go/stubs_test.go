package stubs

import (
	"context"
	"encoding/json"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	sparkgatev1 "sparkgate.dev/api/sparkgate/v1"
)

// A server written against the stubs, as a caller's test double would be.
type server struct {
	sparkgatev1.UnimplementedChatServiceServer
}

func (server) Chat(context.Context, *sparkgatev1.ChatRequest) (*sparkgatev1.ChatResponse, error) {
	return &sparkgatev1.ChatResponse{}, nil
}

func (server) StreamChat(*sparkgatev1.ChatRequest, sparkgatev1.ChatService_StreamChatServer) error {
	return nil
}

func TestServerRegisters(t *testing.T) {
	s := grpc.NewServer()
	defer s.Stop()
	sparkgatev1.RegisterChatServiceServer(s, server{})
	if _, ok := s.GetServiceInfo()["sparkgate.v1.ChatService"]; !ok {
		t.Fatalf("not registered: %v", s.GetServiceInfo())
	}
}

func TestRequestPrintsTheUpstreamsNames(t *testing.T) {
	request := &sparkgatev1.ChatRequest{
		Model:     "sim/echo",
		MaxTokens: proto.Int32(5),
		Messages: []*sparkgatev1.ChatMessage{
			{Role: proto.String("system"), Content: proto.String("")},
			{Role: proto.String("tool"), ToolCallId: proto.String("call_1")},
		},
	}
	text, err := protojson.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	if err := json.Unmarshal(text, &body); err != nil {
		t.Fatal(err)
	}
	if body["max_tokens"] != float64(5) {
		t.Errorf("max_tokens: %s", text)
	}
	messages := body["messages"].([]any)
	if content, ok := messages[0].(map[string]any)["content"]; !ok || content != "" {
		t.Errorf("an empty system prompt is sent as it is: %s", text)
	}
	if messages[1].(map[string]any)["tool_call_id"] != "call_1" {
		t.Errorf("tool_call_id: %s", text)
	}
}

func TestCallerReadsDeltas(t *testing.T) {
	var answer sparkgatev1.StreamChatResponse
	text := `{"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}`
	if err := protojson.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatal(err)
	}
	choice := answer.GetChoices()[0]
	if choice.GetDelta().GetContent() != "Hi" || choice.GetFinishReason() != "stop" {
		t.Errorf("read %v", &answer)
	}
}
