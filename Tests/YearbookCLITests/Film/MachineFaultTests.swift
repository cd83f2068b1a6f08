import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// Whatever the machine does not allow, or does to a run, is not taken for a damaged file.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct MachineFaultTests {
  /// The film without any trouble, made from the same rows.
  private func undisturbed(_ here: Installation) throws -> [String: Data] {
    let workspace = ["YEARBOOK_WORKSPACE=\(here.folder)/w2", "YEARBOOK_STORE=\(here.folder)/s2"]
    let again = try here.yearbook(Installation.film + ["--force"], environment: workspace)
    #expect(again.status == 0 && !again.output.contains("warning"), "\(again.output)")
    return Installation.payload(inStore: "\(here.folder)/s2")
  }

  private func expectFull(_ here: Installation) throws {
    let storyboard = try here.payload()["tenants/acme/video/2025/data/storyboard.json"] ?? Data()
    let text = String(decoding: storyboard, as: UTF8.self)
    #expect(text.contains("\"recording\"") && text.contains("\"picture\""), "\(text)")
    #expect(try here.payload() == undisturbed(here))
  }

  private func expectNothing(_ here: Installation) throws {
    #expect(try here.payload().isEmpty)
    #expect(try here.keptFacts() == [])
  }

  /// What else a unit does, as far as root can do it here: everything is read-only except the
  /// installation (`ProtectSystem=strict`), and nearly all capabilities are gone. One stays: the
  /// tests' database belongs to another user.
  private func walls(_ here: Installation) throws -> [String] {
    guard geteuid() == 0, let unshare = Places.program("unshare"),
      let setpriv = Places.program("setpriv")
    else { return [] }
    let folder = here.folder
    return [
      unshare, "-m", "bash", "-c",
      "mount --bind \(folder) \(folder) && mount -o remount,bind,ro / && cd \(folder) && exec \"$@\"",
      "bash", setpriv, "--bounding-set=-all,+dac_override", "--inh-caps=-all",
    ]
  }

  @Test(.enabled(if: CallFilter.missing == nil, "a C compiler is not installed"))
  func `Below the filters of each unit that makes films, the film is the same`() throws {
    let folder = "\(Places.project)/cron/systemd"
    var tried: Set<[String]> = []
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
      let text = try Installation.text("cron/systemd/\(name)")
      // The service is another program, and makes no films.
      guard text.contains("ExecStart=/usr/local/bin/yearbook "),
        name != "yearbook-failure@.service"
      else { continue }
      var filter = try CallFilter()
      let limits = text.components(separatedBy: "# Limits:").last ?? ""
      for line in limits.split(separator: "\n").dropFirst() {
        guard !line.hasPrefix("["), let equal = line.firstIndex(of: "=") else { continue }
        let setting = String(line[..<equal])
        if setting == "WantedBy" { continue }
        let isKnown = try filter.add(setting, String(line[line.index(after: equal)...]))
        #expect(isKnown, "\(name): teach this test what systemd filters for '\(line)'")
      }
      #expect(filter.rules.contains("openat2=ENOSYS"), "\(name)")
      guard tried.insert(filter.rules.filter { !$0.hasPrefix("only:") }).inserted else { continue }
      try Installation.withFilms { here in
        let made = try here.film(below: walls(here) + filter.words())
        #expect(made.status == 0, "\(made.output)")
        #expect(!made.output.contains("warning"), "\(made.output)")
        try expectFull(here)
        let doctor = try here.film(below: walls(here) + filter.words(), ["doctor"])
        #expect(doctor.output.contains("opened folder by folder"), "\(doctor.output)")
        #expect(doctor.output.contains("media can be decoded"), "\(doctor.output)")
      }
    }
    #expect(!tried.isEmpty)
  }

  @Test(
    .enabled(if: CallFilter.missing == nil, "a C compiler is not installed"),
    arguments: ["openat2=EPERM", "openat2=ENOSYS"])
  func `Where openat2 is refused, the film is the same`(rule: String) throws {
    try Installation.withFilms { here in
      let made = try here.film(below: CallFilter([rule]).words())
      #expect(made.status == 0 && !made.output.contains("warning"), "\(made.output)")
      try expectFull(here)
    }
  }

  @Test(
    .enabled(if: CallFilter.missing == nil, "a C compiler is not installed"),
    arguments: [
      "prctl:0&0xffffffff=22=EINVAL", "prctl=EPERM", "close_range=ENOSYS", "setrlimit=EPERM",
    ])
  func `Without a sandbox the film and the page fail, and the next run makes them in full`(
    rule: String
  ) throws {
    try Installation.withFilms { here in
      let rules = rule == "setrlimit=EPERM" ? [rule, "prlimit64:0&0xffffffff=0=EPERM"] : [rule]
      let filter = try CallFilter(rules)
      for pipeline in ["video", "annual"] {
        let failed = try here.film(
          below: filter.words(), ["run", pipeline, "--tenant", "acme", "--period", "2025"])
        #expect(failed.status == 1, "\(failed.output)")
        #expect(
          failed.output.contains("the sandbox that decodes media cannot be set up here"),
          "\(failed.output)")
        #expect(failed.output.contains("yearbook doctor"), "\(failed.output)")
      }
      try expectNothing(here)
      let doctor = try here.film(below: filter.words(), ["doctor"])
      #expect(doctor.status == 78)
      #expect(doctor.output.contains("fault    sandbox"), "\(doctor.output)")
      let made = try here.yearbook(Installation.film)
      #expect(made.status == 0 && !made.output.contains("warning"), "\(made.output)")
      try expectFull(here)
      let page = try here.yearbook(["run", "annual", "--tenant", "acme", "--period", "2025"])
      #expect(page.status == 0 && !page.output.contains("warning"), "\(page.output)")
      #expect(
        String(
          decoding: try here.payload()["tenants/acme/annual/2025/data/index.html"] ?? Data(),
          as: UTF8.self
        ).contains("data:image/jpeg"))
    }
  }

  @Test(.enabled(if: CallFilter.missing == nil, "a C compiler is not installed"))
  func `Where no process can be started, the stage is tried again and fails`() throws {
    try Installation.withFilms { here in
      // CLONE_PARENT, which nothing but the sandbox uses.
      let failed = try here.film(below: CallFilter(["clone:0&0x8000=0x8000=EAGAIN"]).words())
      #expect(failed.status == 1, "\(failed.output)")
      #expect(
        failed.output.contains("cannot start the decoding process: Resource temporarily"),
        "\(failed.output)")
      try expectNothing(here)
      let tries = try here.record.connect().query(
        "SELECT count(*)::text AS n FROM yearbook.attempt WHERE stage = 'stitch'"
      ).only().string("n")
      #expect(tries == "3")
      #expect(try here.yearbook(Installation.film).status == 0)
      try expectFull(here)
    }
  }

  @Test(
    .enabled(if: geteuid() == 0 && Places.program("setpriv") != nil, "wants root and setpriv"),
    arguments: ["ulimit -t 300", "ulimit -t 300; ulimit -v 3000000", "ulimit -Hn 512"])
  func `With lower limits that cannot be raised again the film is the same`(limits: String) throws {
    try Installation.withFilms { here in
      // What an ordinary user lacks: the right to raise a hard limit.
      let shell = [
        try #require(Places.program("setpriv")), "--bounding-set=-sys_resource",
        "--inh-caps=-sys_resource", "bash", "-c", "\(limits); exec \"$@\"", "bash",
      ]
      let made = try here.film(below: shell)
      #expect(made.status == 0 && !made.output.contains("warning"), "\(made.output)")
      try expectFull(here)
    }
  }

  @Test(.enabled(if: geteuid() == 0 && Places.program("setpriv") != nil, "wants root and setpriv"))
  func `A decoder that a lower limit of memory makes fail is not the recording's fault`() throws {
    try Installation.withFilms { here in
      var size = 3_000_000
      var failures = 0
      // From a limit that is enough down to one with which nothing works.
      while size > 400_000, failures < 2 {
        let shell = [
          try #require(Places.program("setpriv")), "--bounding-set=-sys_resource",
          "--inh-caps=-sys_resource", "bash", "-c", "ulimit -v \(size); exec \"$@\"", "bash",
        ]
        let made = try here.film(below: shell, Installation.film + ["--force"])
        #expect(!made.output.contains("a card is shown instead"), "\(size): \(made.output)")
        if made.status != 0 { failures += 1 }
        size = size * 3 / 4
      }
      #expect(failures > 0)
      let made = try here.yearbook(Installation.film)
      #expect(made.status == 0 && !made.output.contains("warning"), "\(made.output)")
      try expectFull(here)
    }
  }

  @Test(.enabled(if: geteuid() == 0 && Places.program("setpriv") != nil, "wants root and setpriv"))
  func `Where no more threads are allowed, nothing waits for ever`() throws {
    let folder = try TemporaryFolder()
    chmod(folder.path, 0o777)
    for most in [1, 2, 3, 5] {
      let drawn = try Program.run(
        [
          "/usr/bin/timeout", "60", try #require(Places.program("setpriv")), "--reuid=65533",
          "--regid=65533", "--clear-groups", "/bin/bash", "-c",
          "ulimit -u \(most); exec \"$@\"", "bash", Places.yearbook, "film", "render", "2", "--to",
          "\(folder.path)/\(most).png",
        ], in: Places.project)
      guard drawn.status != 126, drawn.status != 127 else { return }  // it cannot reach the build
      #expect([0, 69].contains(drawn.status), "\(most): \(drawn.output)")
      #expect(!drawn.output.contains("GLib"), "\(drawn.output)")
      if drawn.status != 0 { #expect(drawn.output.contains("ulimit -u"), "\(drawn.output)") }
    }
  }

  @Test(arguments: ["film.mp4", "scene.png"])
  func `A limit on the size of files is an error, and ends no process`(name: String) throws {
    let folder = try TemporaryFolder()
    let drawn = try Program.run(
      [
        "/bin/bash", "-c", "ulimit -f 4; exec \"$@\"", "bash", Places.yearbook, "film", "render",
        "2",
        "--to", "\(folder.path)/\(name)",
      ], in: Places.project)
    #expect(drawn.status == 74, "\(drawn.status): \(drawn.output)")
    #expect(drawn.output.contains("File too large"), "\(drawn.output)")
  }

  /// The children of a process that decode: they hold a file, not a socket, as descriptor 3.
  private static func decoders(of run: RunningProgram) -> [pid_t] {
    let path = "/proc/\(run.pid)/task"
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return tasks.flatMap { task -> [pid_t] in
      let bytes = FileManager.default.contents(atPath: "\(path)/\(task)/children") ?? Data()
      return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { pid_t($0) }
    }.filter { child in
      let target = try? FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/\(child)/fd/3")
      return target?.hasPrefix("/") ?? false
    }
  }

  /// Starts the film and ends its decoders from outside, at most so many.
  private func killing(
    _ here: Installation, _ signal: Int32, atMost most: Int
  ) throws -> (killed: Int, status: Int32, output: String) {
    let run = try here.start(Installation.film)
    var killed: Set<pid_t> = []
    while kill(run.pid, 0) == 0, !run.hasEnded {
      for child in Self.decoders(of: run) where killed.count < most && !killed.contains(child) {
        if kill(child, signal) == 0 { killed.insert(child) }
      }
      usleep(500)
    }
    let (status, output) = try run.wait()
    return (killed.count, status, output)
  }

  @Test(
    .enabled(if: geteuid() == 0, "only root sees the files of a decoder"),
    arguments: [SIGKILL, SIGTERM])
  func `A decoder that is ended from outside is tried again, then the stage fails`(
    signal: Int32
  ) throws {
    try Installation.withFilms { here in
      try here.recording("acme/dojo.webm", seconds: 90)
      let failed = try killing(here, signal, atMost: .max)
      #expect(failed.killed >= 3, "\(failed)")
      #expect(failed.status == 1, "\(failed.output)")
      #expect(
        failed.output.contains("was ended from outside, by signal \(signal)"), "\(failed.output)")
      #expect(try here.payload().isEmpty)
      #expect(try !here.keptFacts().contains("recording facts"))
      // Ended once, it is tried again in the same run.
      let once = try killing(here, signal, atMost: 1)
      #expect(once.killed == 1, "\(once)")
      #expect(once.status == 0 && !once.output.contains("warning"), "\(once.output)")
      try expectFull(here)
    }
  }

  @Test func `Reading a huge object ends with the stage's time`() throws {
    try Installation.withFilms { here in
      try here.write("yearbook.yaml", "timeouts: {stage: 2s}\n")
      // No disk holds it; reading it takes minutes.
      #expect(truncate("\(here.folder)/media/acme/dojo.webm", 400 << 30) == 0)
      let before = Date()
      let failed = try here.yearbook(Installation.film)
      #expect(failed.status == 1, "\(failed.output)")
      #expect(failed.output.contains("the stage took longer than 2 s"), "\(failed.output)")
      #expect(Date().timeIntervalSince(before) < 30)
      // And with the run, when it is told to stop.
      try here.write("yearbook.yaml", "timeouts: {stage: 1h}\n")
      let run = try here.start(Installation.film)
      #expect(eventually(within: 60) { run.output.contains("extracted video") })
      run.send(SIGTERM)
      #expect(eventually(within: 10) { run.hasEnded })
      #expect(try run.wait().status == 143)
    }
  }
}
