extension Source {
  /// What one session has learnt of the source, for others in the same snapshot.
  package struct Known: Sendable {
    var catalog: SourceCatalog
    var security: RowSecurity
  }

  /// What this session has learnt; it asks what it has not asked yet.
  package func known() throws -> Known {
    Known(catalog: try catalog(), security: try security())
  }

  /// Spares the session the questions that another one has asked.
  package func use(_ known: Known) {
    readCatalog = known.catalog
    readSecurity = known.security
  }
}
