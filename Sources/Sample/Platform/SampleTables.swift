/// The rows of some tenants, one list per table, in the form of COPY.
struct SampleTables {
  enum Table: String, CaseIterable {
    // In an order that respects foreign keys.
    case tenant, user, pocuser, poc_screenshot, room, room_member, dojo_recording, message,
      notification, billing, billing_event, payment

    var columns: String {
      switch self {
      case .tenant: "id, slug, name, timezone, locale, currency, status, created, updated"
      case .user:
        "id, tenantid, username, firstname, lastname, email, age, account_status, status, picture, "
          + "privacy, created, updated, share"
      case .pocuser:
        "id, userid, tenantid, name, description, language, favorite, tags, repourl, created, updated"
      case .poc_screenshot: "id, pocid, tenantid, object_key, created"
      case .room: "id, userid, tenantid, date, name, status, created, updated"
      case .room_member: "roomid, userid"
      case .dojo_recording: "id, roomid, tenantid, started, stopped, object_key, created"
      case .message: "id, userid, roomid, tenantid, body, message_status, created"
      case .notification: "id, userid, tenantid, kind, body, created, read"
      case .billing:
        "id, tenantid, plan, price, expirationdate, autorenew, paymentgateway, created, updated"
      case .billing_event: "id, billingid, tenantid, kind, plan, price, currency, at"
      case .payment:
        "id, billingid, tenantid, total, currency, payment_gateway, kind, status, attempt, "
          + "invoice_number, due, created"
      }
    }
  }

  private(set) var rows: [Table: [[String?]]] = [:]

  mutating func add(_ table: Table, _ row: [String?]) { rows[table, default: []].append(row) }

  subscript(table: Table) -> [[String?]] { rows[table] ?? [] }

  mutating func removeAll() { rows.removeAll(keepingCapacity: true) }
}
