import Testing

@testable import Markup

@Suite struct WebAddressTests {
  @Test(arguments: [
    ("https://example.org/?a=1&b=2", true, "https://example.org/?a=1&b=2"),
    ("https://example.org:8443/a@b?c@d#e@f", true, "https://example.org:8443/a@b?c@d#e@f"),
    ("https://xn--tkyo.example/", true, "https://xn--tkyo.example/"),
    ("https://user:pw@host/x", false, "https://host/x"),
    ("https://bank.example@evil.example/", false, "https://evil.example/"),
    ("https://a@b@host", false, "https://host"),
    ("https://token@host?x", false, "https://host?x"),
    ("https://good.example\\@evil.example/", false, "https://evil.example/"),
    ("https://us\u{301}er:pw@\u{301}host/", false, "https://\u{301}host/"),
    ("https:///evil.example", false, "https:///evil.example"), ("https://", false, "https://"),
    ("https://a b/", false, "https://a b/"), ("https://a\tb/", false, "https://a\tb/"),
    ("http://u:p@host/", false, "http://host/"), ("git://u:p@host/", false, "git://host/"),
    ("u:p@host/x", false, "host/x"), ("javascript:alert(1)", false, "javascript:alert(1)"),
    ("", false, ""),
  ])
  func `An address with a user or a password is not a link and is shown without them`(
    text: String, isLink: Bool, shown: String
  ) {
    let address = WebAddress(text)
    #expect(address.isLink == isLink)
    #expect(address.withoutUser.unicodeScalars.elementsEqual(shown.unicodeScalars))
  }
}
