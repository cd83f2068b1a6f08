import Basics
import Delivery
import Diagnostics
import Engine
import Foundation
import Pipelines
import Transfer

// Measures how fast mails are written and handed over; started by bench/deliver/run.
//
//   DeliverBench write COUNT                 writes mails and sends none
//   DeliverBench send PORT THREADS COUNT     hands mails to a server at 127.0.0.1
//   DeliverBench work THREADS COUNT          queues messages, and sends them as `yearbook deliver` does, with the
//                                            configuration, templates and pipelines of the working folder

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }

/// A mail as pipelines send them: text, HTML and a small picture.
let mail: MailContent = {
  let line = "Em 2026 a sua equipe criou 1.204 provas de conceito, 12 % a mais que em 2025.\n"
  var mail = MailContent(
    subject: "A retrospectiva de 2026 está pronta",
    text: String(repeating: line, count: 8),
    html: "<html><body>" + String(repeating: "<p>\(line)</p>", count: 24)
      + "<img src=\"cid:poster\" alt=\"\"></body></html>")
  let picture = (0..<12_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
  mail.inline = [.init(name: "poster", mediaType: "image/png", bytes: picture)]
  mail.unsubscribe = "https://yearbook.example/leave?t=0123456789"
  return mail
}()

let writer: MailWriter = {
  guard let from = MailAddress(mailbox: "Anuário <news@yearbook.example>") else {
    fatalError("the sender is an address")
  }
  return MailWriter(from: from)
}()

func message(_ number: Int) -> OutgoingMessage {
  var message = OutgoingMessage(
    key: SHA256Digest(of: Array("\(number)".utf8)),
    recipient: .init(address: "user\(number)@example.org", name: "José \(number)", locale: "pt-BR"),
    content: .mail(mail))
  message.date = 1_795_990_048
  return message
}

func send(port: Int, threads: Int, count: Int) throws {
  var server = SMTPTransfer.Server(host: "127.0.0.1", port: port, security: .none)
  server.isPrivate = true
  let place = server
  let failures = Locked<[String]>([])
  let all = (0..<threads).map { thread in
    let one = Thread {
      do {
        let channel = try MailChannel(place, writer: writer, isCancelled: { false })
        for number in stride(from: thread, to: count, by: threads) {
          let answer = try channel.send(message(number))
          guard case .accepted = answer else { throw Diagnostic(.io, "\(answer)") }
        }
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
      done.signal()
    }
    one.stackSize = 1 << 20
    return one
  }
  let watch = Stopwatch()
  for one in all { one.start() }
  for _ in all { done.wait() }
  let seconds = watch.seconds
  if let failure = failures.withLock({ $0.first }) { throw Diagnostic(.io, failure) }
  print(
    "hand over \(count) mails by \(threads) threads: \(Int(Double(count) / seconds)) mails a second"
  )
}

let done = DispatchSemaphore(value: 0)

/// All that `yearbook deliver --once` does, from the queue in the record to the server.
func work(threads: Int, count: Int) throws {
  let folder = FileManager.default.currentDirectoryPath
  let configuration = try Configuration(
    path: "\(folder)/yearbook.yaml", environment: ProcessInfo.processInfo.environment)
  try QueueBench.fill(
    messages: count, tenants: 1000, pipeline: "annual", record: configuration.record ?? "")
  let worker = try DeliveryWorker(
    configuration, library: try PipelineLibrary(folder: "\(folder)/pipelines"),
    templates: "\(folder)/templates", channel: nil, cancellation: Cancellation(), tell: { _ in })
  let watch = Stopwatch()
  let counts = try worker.work(once: true, threads: threads)
  let seconds = watch.seconds
  guard counts.sent == count else { throw Diagnostic(.io, "\(counts)") }
  print(
    "deliver \(count) messages of 1000 tenants by \(threads) threads:"
      + " \(Int(Double(count) / seconds)) mails a second")
}

do {
  if arguments.count == 1 {
    let watch = Stopwatch()
    var bytes = 0
    for number in 0..<arguments[0] {
      let message = message(number)
      bytes = try writer.write(mail, to: message.recipient, key: message.key, date: 0).count
    }
    let each = watch.seconds / Double(arguments[0]) * 1e6
    print("write mails of \(bytes) bytes: \(Int(each)) µs each")
  } else if arguments.count == 2 {
    try work(threads: arguments[0], count: arguments[1])
  } else {
    try send(port: arguments[0], threads: arguments[1], count: arguments[2])
  }
} catch {
  print(error)
  exit(1)
}
