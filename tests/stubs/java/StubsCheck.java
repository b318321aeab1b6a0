import com.google.protobuf.util.JsonFormat;
import dev.sparkgate.api.v1.ChatMessage;
import dev.sparkgate.api.v1.ChatRequest;
import dev.sparkgate.api.v1.ChatServiceGrpc;
import dev.sparkgate.api.v1.StreamChatResponse;
import io.grpc.stub.StreamObserver;

/** What a caller in Java writes, compiled against the generated stubs. */
final class StubsCheck {
  /** A server written against the stubs, as a caller's test double would be. */
  static final class Server extends ChatServiceGrpc.ChatServiceImplBase {
    @Override
    public void streamChat(ChatRequest request, StreamObserver<StreamChatResponse> observer) {
      observer.onCompleted();
    }
  }

  private StubsCheck() {}

  private static void check(boolean fact, String text) {
    if (!fact) {
      throw new AssertionError(text);
    }
  }

  public static void main(String[] arguments) throws Exception {
    ChatRequest request =
        ChatRequest.newBuilder()
            .setModel("sim/echo")
            .setMaxTokens(5)
            .addMessages(ChatMessage.newBuilder().setRole("system").setContent(""))
            .addMessages(ChatMessage.newBuilder().setRole("tool").setToolCallId("call_1"))
            .build();
    String json = JsonFormat.printer().omittingInsignificantWhitespace().print(request);
    check(json.contains("\"max_tokens\":5"), json);
    check(json.contains("\"content\":\"\""), json);
    check(json.contains("\"tool_call_id\":\"call_1\""), json);

    StreamChatResponse.Builder answer = StreamChatResponse.newBuilder();
    JsonFormat.parser()
        .merge("{\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}", answer);
    check(answer.getChoices(0).getDelta().getContent().equals("Hi"), answer.toString());
    check(answer.getChoices(0).getFinishReason().equals("stop"), answer.toString());
    check(
        new Server().bindService().getServiceDescriptor().getName().equals("sparkgate.v1.ChatService"),
        "the service's name");
    System.out.println("Java stubs: compiled and used");
  }
}
