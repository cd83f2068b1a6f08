import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Gives the server's own answer to what is not HTTP the form of all other problems.
///
/// Hummingbird answers such bytes with an empty 400, before anything here sees them.
final class UnreadableRequests: ChannelOutboundHandler, RemovableChannelHandler {
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  func write(
    context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
  ) {
    guard case .head(var head) = unwrapOutboundIn(data), head.status == .badRequest,
      head.headerFields[.contentType] == nil
    else { return context.write(data, promise: promise) }
    let body = ByteBuffer(
      bytes: Problem(.malformed, .unreadable).bytes(.english))
    head.headerFields[.contentType] = Problem.contentType
    head.headerFields[.contentLength] = String(body.readableBytes)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(body)), promise: promise)
  }
}
