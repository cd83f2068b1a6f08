import Diagnostics
import FoundationEssentials
import TestSupport
import Testing

@testable import ObjectStorage
@testable import Store

/// Reads addresses, credentials and replies of object stores, without a server.
@Suite struct BucketTests {
  @Test(arguments: [
    ("s3://bucket", "s3://bucket"), ("s3://bucket/", "s3://bucket"),
    ("s3://my.bucket-1/a/b/", "s3://my.bucket-1/a/b"),
  ])
  func `An address is a bucket and a prefix`(text: String, told: String) throws {
    #expect(try BucketLocation(text).description == told)
  }

  @Test(arguments: [
    "bucket", "s3:/bucket", "s3://", "s3://B", "s3://ab", "s3://bucket/a/../b", "s3://bucket/a b",
    "https://bucket/x", "s3://user:secret@bucket",
  ])
  func `Anything else is refused`(text: String) {
    let error = #expect(throws: Diagnostic.self) { try BucketLocation(text) }
    #expect(error?.code == .configuration && error?.message.contains("secret") == false)
  }

  @Test(arguments: [
    "host", "ftp://host", "https://", "https://user:secret@host", "https://host/path",
    "https://host?x=1",
  ])
  func `An endpoint is only the address of a server`(text: String) {
    let error = #expect(throws: Diagnostic.self) {
      try BucketLocation("s3://bucket", endpoint: text)
    }
    #expect(error?.code == .configuration && error?.message.contains("secret") == false)
  }

  @Test func `At Amazon the bucket is in the host name, elsewhere in the path`() throws {
    #expect(
      try BucketLocation("s3://bucket").url(region: "sa-east-1")
        == "https://bucket.s3.sa-east-1.amazonaws.com")
    #expect(
      try BucketLocation("s3://my.bucket").url(region: "sa-east-1")
        == "https://s3.sa-east-1.amazonaws.com/my.bucket")
    #expect(
      try BucketLocation("s3://bucket", endpoint: "https://minio:9000/").url(region: "x")
        == "https://minio:9000/bucket")
  }

  @Test(arguments: [
    ("https://oss-cn-hangzhou.aliyuncs.com", "https://bucket.oss-cn-hangzhou.aliyuncs.com"),
    ("https://bucket.oss-cn-hangzhou.aliyuncs.com", "https://bucket.oss-cn-hangzhou.aliyuncs.com"),
    ("https://minio.example.org:9000/", "https://bucket.minio.example.org:9000"),
  ])
  func `With 'addressing: host' the bucket is in the host name everywhere`(
    endpoint: String, address: String
  ) throws {
    var location = try BucketLocation("s3://bucket/a", endpoint: endpoint)
    location.addressing = .host
    try location.checkAddressing()
    #expect(location.url(region: "x") == address)
    var amazon = try BucketLocation("s3://bucket")
    amazon.addressing = .path
    var dotted = try BucketLocation("s3://my.domain", endpoint: endpoint)
    dotted.addressing = .host
    #expect(dotted.url(region: "x").hasPrefix("https://my.domain."))
    #expect(amazon.url(region: "x") == "https://s3.x.amazonaws.com/bucket")
  }

  @Test(arguments: ["https://192.0.2.1:9000", "https://[2001:db8::1]"])
  func `A bucket cannot stand before a number`(endpoint: String) throws {
    var location = try BucketLocation("s3://bucket", endpoint: endpoint)
    location.addressing = .host
    let error = #expect(throws: Diagnostic.self) { try location.checkAddressing() }
    #expect(error?.code == .configuration && error?.hint?.contains("addressing: path") == true)
  }

  @Test func `Credentials come from the environment, otherwise from the profile`() throws {
    try withTemporaryFolder { folder in
      func write(_ name: String, _ text: String) {
        #expect(
          FileManager.default.createFile(
            atPath: "\(folder)/\(name)", contents: Data(text.utf8)))
      }
      write(
        "credentials",
        """
        [default]
        aws_access_key_id = AKIADEFAULT
        aws_secret_access_key=secret/default==
        # a comment = nothing
        [other]
        aws_access_key_id = AKIAOTHER
        aws_secret_access_key = other
        aws_session_token = token
        """)
      write(
        "config",
        """
        [default]
        region = eu-west-1
        [profile other]
        region = sa-east-1
        endpoint_url = https://minio.example.org
        s3 =
          addressing_style = virtual
        """)
      let files = [
        "AWS_SHARED_CREDENTIALS_FILE": folder + "/credentials",
        "AWS_CONFIG_FILE": folder + "/config",
      ]
      let location = try BucketLocation("s3://bucket")
      func bucket(_ more: [String: String]) throws -> Bucket {
        try Bucket(location, environment: files.merging(more) { $1 })
      }
      let first = try bucket([:])
      #expect(first.credentials.keyID == "AKIADEFAULT" && first.region == "eu-west-1")
      #expect(first.credentials.secret == "secret/default==" && first.credentials.token == nil)
      let other = try bucket(["AWS_PROFILE": "other"])
      #expect(other.credentials.keyID == "AKIAOTHER" && other.credentials.token == "token")
      #expect(other.region == "sa-east-1")
      #expect(other.location.endpoint == "https://minio.example.org")
      #expect(other.location.addressing == .host && first.location.addressing == nil)
      let own = try bucket([
        "AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_PROFILE": "other",
        "AWS_REGION": "us-west-2", "AWS_ENDPOINT_URL": "https://localhost:9000",
      ])
      #expect(own.credentials.keyID == "AKIAENV" && own.credentials.token == nil)
      #expect(own.region == "us-west-2" && own.location.endpoint == "https://localhost:9000")
      let missing = #expect(throws: Diagnostic.self) { try bucket(["AWS_PROFILE": "third"]) }
      #expect(missing?.message == "the profile named in AWS_PROFILE does not exist")
      let blank = #expect(throws: Diagnostic.self) {
        try bucket(["AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "two\nlines"])
      }
      #expect(blank?.code == .configuration && blank?.message.contains("two") == false)
    }
  }

  @Test(arguments: ["http://minio.example.org", "http://127.0.0.1:9000", "http://localhost"])
  func `A bucket without encryption is refused, unless the configuration allows it`(
    endpoint: String
  ) throws {
    let keys = ["AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s"]
    var location = try BucketLocation("s3://bucket", endpoint: endpoint)
    for (place, more) in [
      (location, [:]), (try BucketLocation("s3://bucket"), ["AWS_ENDPOINT_URL": endpoint]),
      (location, ["YEARBOOK_MIRROR_PLAIN_HTTP": "1"]),
    ] {
      let error = #expect(throws: Diagnostic.self) {
        try Bucket(place, environment: keys.merging(more) { $1 })
      }
      #expect(error?.code == .configuration)
      #expect(error?.message == "the mirror's endpoint is not encrypted (http://)")
      #expect(error?.hint?.contains("plain_http: true") == true)
    }
    let allowed = ["YEARBOOK_MIRROR_PLAIN_HTTP": "allow"]
    _ = try Bucket(location, environment: keys.merging(allowed) { $1 })
    location.allowsPlainHTTP = true
    _ = try Bucket(location, environment: keys)
  }

  @Test func `Entities in replies and encoded keys are decoded`() {
    let xml = Array(
      """
      <?xml version="1.0"?><R xmlns="x"><Contents><Key>a%2Bb+c</Key><ETag>&quot;1&quot;</ETag></Contents>\
      <Contents><Key>&lt;&#38;&#x3e;&unknown;</Key></Contents></R>
      """.utf8)
    let found = ObjectXML.elements("Contents", in: xml[...])
    #expect(found.count == 2)
    #expect(ObjectXML.text("Key", in: found[0]).map(ObjectClient.decoded) == "a+b c")
    #expect(ObjectXML.text("ETag", in: found[0]) == "\"1\"")
    #expect(ObjectXML.text("Key", in: found[1]) == "<&>&unknown;")
    #expect(ObjectXML.text("Size", in: found[0]) == nil)
    #expect(ObjectXML.elements("Key", in: Array("<Key>open".utf8)[...]).isEmpty)
    #expect(ObjectClient.encoded("a/b c~é", keeping: "/") == "a/b%20c~%C3%A9")
  }
}
