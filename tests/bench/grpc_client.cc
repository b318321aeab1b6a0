#include <nghttp2/nghttp2.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include "sparkgate/v1/request.pb.h"
#include "tests/bench/load_client.h"
#include "tests/bench/sockets.h"

namespace sparkgate::bench {
namespace {

// Of a connection: flow control of streams alone holds anybody up.
constexpr int32_t kWindow = 1 << 30;

nghttp2_nv Header(const char* name, const std::string& value) {
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name)),
          reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), std::strlen(name),
          value.size(), NGHTTP2_NV_FLAG_NONE};
}

// gRPC by nghttp2 alone: a call is a stream with one message up, and its DATA as it comes.
class GrpcClient final : public LoadClient {
 public:
  GrpcClient(int port, const ClientOptions& options, LoadEvents* events)
      : prompt_(options.prompt_bytes, 'p'), events_(events), epoll_(epoll_create1(0)) {
    for (int i = 0; i < options.connections; ++i) {
      connections_.push_back(
          std::make_unique<Connection>(this, ConnectTo(port), options.stream_window));
      WatchForInput(epoll_, connections_.back()->fd);
      by_fd_[connections_.back()->fd] = connections_.back().get();
    }
  }
  ~GrpcClient() override {
    connections_.clear();
    close(epoll_);
  }

  void Start(int call, const Pace& pace) override {
    Connection& connection = *connections_[next_++ % connections_.size()];
    v1::ChatRequest request;
    request.set_model(ModelOf(pace));
    auto* const message = request.add_messages();
    message->set_role("user");
    message->set_content(prompt_);
    const std::string bytes = request.SerializeAsString();
    auto stream = std::make_unique<Stream>();
    stream->call = call;
    stream->upload.assign(1, '\0');
    for (int shift = 24; shift >= 0; shift -= 8) {
      stream->upload.push_back(static_cast<char>(bytes.size() >> shift));
    }
    stream->upload += bytes;
    const std::string path =
        pace.stream ? "/sparkgate.v1.ChatService/StreamChat" : "/sparkgate.v1.ChatService/Chat";
    const nghttp2_nv headers[] = {
        Header(":method", "POST"), Header(":scheme", "http"),
        Header(":path", path),     Header(":authority", "bench"),
        Header("te", "trailers"),  Header("content-type", "application/grpc")};
    nghttp2_data_provider provider;
    provider.source.ptr = stream.get();
    provider.read_callback = &GrpcClient::OnUpload;
    const int32_t id = nghttp2_submit_request(connection.session, nullptr, headers,
                                              std::size(headers), &provider, stream.get());
    if (id < 0) std::abort();
    by_call_[call] = {&connection, id};
    connection.streams[id] = std::move(stream);
    Flush(&connection);
  }

  void Abort(int call) override {
    const auto found = by_call_.find(call);
    if (found == by_call_.end()) return;
    const auto [connection, id] = found->second;
    by_call_.erase(found);
    connection->streams[id]->call = -1;
    nghttp2_submit_rst_stream(connection->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    Flush(connection);
  }

  void Poll(int64_t wait_ns) override {
    epoll_event ready[64];
    const int count = WaitForInput(epoll_, ready, 64, wait_ns);
    for (int i = 0; i < count; ++i) Read(by_fd_[ready[i].data.fd]);
  }

 private:
  struct Stream {
    int call = -1;
    std::string upload;
    size_t sent = 0;
    bool ok = false;
  };
  struct Connection {
    Connection(GrpcClient* client, int fd, int32_t stream_window) : client(client), fd(fd) {
      nghttp2_session_callbacks* callbacks = nullptr;
      nghttp2_session_callbacks_new(&callbacks);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &GrpcClient::OnData);
      nghttp2_session_callbacks_set_on_header_callback(callbacks, &GrpcClient::OnHeader);
      nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &GrpcClient::OnClose);
      nghttp2_option* option = nullptr;
      nghttp2_option_new(&option);
      nghttp2_option_set_no_auto_window_update(option, 1);
      nghttp2_session_client_new2(&session, callbacks, this, option);
      nghttp2_option_del(option);
      nghttp2_session_callbacks_del(callbacks);
      const nghttp2_settings_entry settings[] = {
          {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<uint32_t>(stream_window)},
          {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
      nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
      nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kWindow);
      client->Flush(this);
    }
    ~Connection() {
      nghttp2_session_del(session);
      close(fd);
    }
    GrpcClient* const client;
    const int fd;
    nghttp2_session* session = nullptr;
    std::unordered_map<int32_t, std::unique_ptr<Stream>> streams;
  };

  static ssize_t OnUpload(nghttp2_session*, int32_t, uint8_t* buffer, size_t most, uint32_t* flags,
                          nghttp2_data_source* source, void*) {
    auto* const stream = static_cast<Stream*>(source->ptr);
    const size_t piece = std::min(most, stream->upload.size() - stream->sent);
    std::memcpy(buffer, stream->upload.data() + stream->sent, piece);
    stream->sent += piece;
    if (stream->sent == stream->upload.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(piece);
  }

  static int OnData(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* bytes,
                    size_t size, void* data) {
    auto* const stream = static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
    nghttp2_session_consume_connection(session, size);
    if (stream == nullptr || stream->call < 0) return 0;
    static_cast<Connection*>(data)->client->events_->OnBytes(
        stream->call, {reinterpret_cast<const char*>(bytes), size});
    return 0;
  }

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t, void*) {
    const std::string_view key(reinterpret_cast<const char*>(name), name_size);
    if (key != "grpc-status") return 0;
    auto* const stream =
        static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, frame->hd.stream_id));
    if (stream != nullptr) stream->ok = value_size == 1 && *value == '0';
    return 0;
  }

  static int OnClose(nghttp2_session*, int32_t id, uint32_t, void* data) {
    auto* const connection = static_cast<Connection*>(data);
    const auto found = connection->streams.find(id);
    if (found == connection->streams.end()) return 0;
    const std::unique_ptr<Stream> stream = std::move(found->second);
    connection->streams.erase(found);
    if (stream->call < 0) return 0;
    connection->client->by_call_.erase(stream->call);
    connection->client->events_->OnEnd(stream->call, stream->ok);
    return 0;
  }

  void Read(Connection* connection) {
    uint8_t bytes[16384];
    const ssize_t got = recv(connection->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      std::fprintf(stderr, "the server closed a connection\n");
      std::abort();
    }
    in_session_ = true;
    if (nghttp2_session_mem_recv(connection->session, bytes, static_cast<size_t>(got)) < 0) {
      std::abort();
    }
    in_session_ = false;
    // Events may have begun calls on any of them.
    for (const auto& each : connections_) Flush(each.get());
  }

  // One write for all that the session has to say.
  void Flush(Connection* connection) {
    if (in_session_ || !nghttp2_session_want_write(connection->session)) return;
    std::string out;
    const uint8_t* bytes = nullptr;
    for (ssize_t size; (size = nghttp2_session_mem_send(connection->session, &bytes)) > 0;) {
      out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
    }
    for (size_t sent = 0; sent < out.size();) {  // the socket blocks
      const ssize_t wrote =
          send(connection->fd, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
      if (wrote <= 0) std::abort();
      sent += static_cast<size_t>(wrote);
    }
  }

  const std::string prompt_;
  LoadEvents* const events_;
  const int epoll_;
  size_t next_ = 0;
  bool in_session_ = false;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::unordered_map<int, Connection*> by_fd_;
  std::unordered_map<int, std::pair<Connection*, int32_t>> by_call_;
};

}  // namespace

std::unique_ptr<LoadClient> MakeGrpcClient(int port, const ClientOptions& options,
                                           LoadEvents* events) {
  return std::make_unique<GrpcClient>(port, options, events);
}

}  // namespace sparkgate::bench
