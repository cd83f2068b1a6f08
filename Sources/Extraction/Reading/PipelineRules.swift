import Diagnostics
import Pipelines
import Postgres

/// Holds what a pipeline's files read and call against the rules for it.
struct PipelineRules {
  let pipeline: Pipeline
  let catalog: SourceCatalog
  let reading: QueryReading
  /// The schema with the copies of the platform's tables.
  let schema: String

  var platform: PlatformSpec { pipeline.extract.platform }

  /// All faults, file by file.
  func faults() -> [Diagnostic] {
    var faults: [Diagnostic] = []
    for named in platform.named
    where catalog.table(named.table)?.columns.contains(where: { $0.name == named.column }) != true {
      faults.append(
        Diagnostic(
          .configuration, "the source has no column '\(named.table).\(named.column)'",
          at: named.place.subject))
    }
    for name in pipeline.extract.shared {
      if let table = catalog.table(name) {
        guard Ownership.leadsToTenant(table, in: catalog, platform) else { continue }
        faults.append(
          Diagnostic(
            .configuration,
            "the rows of the table '\(name)' are tenants': extract.shared must not name it",
            at: .init(file: pipeline.file)))
        continue
      }
      faults.append(
        Diagnostic(
          .configuration, "the source has no table '\(name)', which extract.shared names",
          at: .init(file: pipeline.file),
          hint: NearestWords.hint(for: name, in: catalog.tables.map(\.name))))
    }
    for file in reading.files {
      if let query = file.query {
        faults += QueryRules.faults(
          in: file.columns, of: query, idType: catalog.tenancy.idType)
      }
      faults += deliveryFaults(file)
      faults += relationFaults(file) + columnFaults(file) + typeFaults(file) + callFaults(file)
      faults += keyFaults(file)
    }
    return faults
  }

  /// The faults of the query of tenants: it reads and calls what other queries can.
  func tenantFaults() -> [Diagnostic] {
    reading.files.flatMap { relationFaults($0) + columnFaults($0) + callFaults($0) }
  }

  // MARK: - Tables

  private func relationFaults(_ file: QueryReading.File) -> [Diagnostic] {
    file.relations.compactMap { relation in
      if relation.schema == "pg_catalog" || relation.schema == "information_schema" {
        return fault("the server's own table '\(relation.name)' is refused", file, relation.name)
      }
      guard relation.schema == schema else {
        return fault(
          "a table name with its schema '\(relation.schema)' is refused", file, relation.schema,
          hint: "write the table name alone: the schema is source.schema")
      }
      if let read = catalog.closedColumn(in: relation.name, platform) {
        return fault(
          "the view '\(relation.name)' is refused: it reads '\(read)'", file, relation.name,
          hint: "platform.yaml lists the columns that are withheld, and those that name people")
      }
      guard pipeline.scope == .tenant, !catalog.tenancy.hasOneTenant,
        !pipeline.extract.shared.contains(relation.name),
        let table = catalog.table(relation.name)
      else { return nil }
      do throws(Diagnostic) {
        _ = try Ownership(of: table, in: catalog, platform)
        return nil
      } catch {
        return fault(error.message, file, relation.name, hint: error.hint)
      }
    }
  }

  // MARK: - Columns

  private func columnFaults(_ file: QueryReading.File) -> [Diagnostic] {
    var faults: [Diagnostic] = []
    for read in file.reads {
      let name = "\(read.table).\(read.column)"
      let rules = catalog.rules(for: read.table, platform)
      if rules.withheld.contains(read.column) {
        faults.append(
          fault(
            "'\(name)' is withheld: no report reads it", file, read.column,
            hint: "platform.yaml lists the columns that are withheld"))
      } else if catalog.addresses(of: read.table, platform).contains(read.column),
        file.query?.isForDelivery != true
      {
        faults.append(
          fault(
            "'\(name)' is an address: only queries of 'deliver' read it", file, read.column,
            hint: "name the query in 'deliver: NAME: {to: …}', and use it nowhere else"))
      } else if let personal = rules.personal,
        personal.columns.contains(read.column),
        !platform.canName(peopleOf: personal, file: file.path)
      {
        faults.append(
          fault(
            "'\(name)' names a person: only \(personal.file) reads it", file, read.column,
            hint: "use that file in 'with', and join it: it applies the privacy settings"))
      } else if catalog.table(read.table)?.columns.first(where: { $0.name == read.column })?
        .isReadable == false
      {
        faults.append(
          fault(
            "the source's role cannot read '\(name)'", file, read.column,
            hint: "grant it: docs/platform-role.sql"))
      }
    }
    var isWhole = false
    var isSystem = false
    for node in file.nodes {
      node.forEach { node in
        guard node.tag == "VAR", let number = node.number("varattno") else { return }
        if number == 0 { isWhole = true }
        if number < 0 { isSystem = true }
      }
    }
    if isWhole {
      faults.append(
        fault("a whole row as one value is refused", file, nil, hint: "name the columns"))
    }
    if isSystem {
      faults.append(
        fault("a system column such as ctid or xmin is refused", file, nil))
    }
    return faults
  }

  /// A person's key leads to the person as a name does.
  private func keyFaults(_ file: QueryReading.File) -> [Diagnostic] {
    // Who is told is known by their key, so that an erasure finds what was to be sent to them.
    guard let spec = file.query, !spec.isForDelivery, let query = file.nodes.first else {
      return []
    }
    return file.columns.indices.compactMap { index in
      let sources = reading.sources(
        ofColumn: index + 1, in: query,
        through: { part in
          !platform.personal.keys.contains { platform.canName(peopleOf: $0, file: part.path) }
        })
      let keys = sources.filter { isPersonKey($0.table, $0.column) }
      guard let origin = keys.min(by: { ($0.table, $0.column) < ($1.table, $1.column) }) else {
        return nil
      }
      let name = file.columns[index].name
      return fault(
        "the column '\(name)' is a person's key ('\(origin.table).\(origin.column)')", file, name,
        hint: "leave it out, or take it from the file that applies the privacy settings")
    }
  }

  private func isPersonKey(_ table: String, _ column: String) -> Bool {
    let found = catalog.table(table)?.columns.first { $0.name == column }
    let refersToPerson = found?.reference.map { platform.personal[$0.table] != nil } ?? false
    return refersToPerson || platform.personal[table] != nil && column == "id"
  }

  // MARK: - Calls

  private func callFaults(_ file: QueryReading.File) -> [Diagnostic] {
    var faults: [Diagnostic] = []
    func refuse(_ name: String) {
      faults.append(
        fault(
          "'\(name)' is refused: the result would not depend on the rows alone", file, name,
          hint: "use the columns of 'partition', such as cutoff_at and as_of"))
    }
    for function in file.functions where !AllowedCalls.allows(function) {
      if function.schema == "pg_catalog" {
        refuse(function.name)
      } else {
        faults.append(
          fault(
            "the function '\(function.schema).\(function.name)' is refused: it is not PostgreSQL's own",
            file, function.name))
      }
    }
    var tags: Set<String> = []
    for node in file.nodes {
      node.forEach { node in
        if !AllowedCalls.allows(node: node.tag), tags.insert(node.tag).inserted {
          refuse(AllowedCalls.name(ofRefused: node))
        }
        if node.tag == "COERCEVIAIO", let type = node.number("resulttype"),
          AllowedCalls.isTime(type: type), tags.insert("a text as a time").inserted
        {
          faults.append(
            fault("a text is read as a date or time, which can mean 'now'", file, nil))
        }
        for (name, _) in node.fields where name.hasSuffix("type") || name.hasSuffix("typeid") {
          guard let type = node.number(name), !AllowedCalls.allows(type: type),
            tags.insert("type").inserted
          else { continue }
          faults.append(
            fault("a value that stands for one of the server's objects is refused", file, nil))
        }
      }
    }
    return faults
  }

  /// A fault with the place of the first such word in the file: PostgreSQL's catalog keeps no
  /// places.
  func fault(
    _ message: String, _ file: QueryReading.File, _ word: String?, hint: String? = nil
  ) -> Diagnostic {
    var subject = Diagnostic.Subject(file: file.path)
    if let word {
      for (index, line) in file.sql.split(separator: "\n", omittingEmptySubsequences: false)
        .enumerated()
      {
        guard let range = line.lowercased().firstRange(of: word.lowercased()) else { continue }
        subject.line = index + 1
        subject.column = line.lowercased()[..<range.lowerBound].unicodeScalars.count + 1
        break
      }
    }
    return Diagnostic(.configuration, message, at: subject, hint: hint)
  }
}
