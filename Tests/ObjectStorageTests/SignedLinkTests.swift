import Foundation
import TestSupport
import Testing

@testable import ObjectStorage

@Suite("Links for people without credentials")
struct SignedLinkTests {
  /// The example of Amazon's own documentation: “Authenticating Requests: Using Query Parameters
  /// (AWS Signature Version 4)”.
  @Test func `A link is signed as in Amazon's own example`() throws {
    var location = try BucketLocation("s3://examplebucket", endpoint: "https://s3.amazonaws.com")
    location.addressing = .host
    let bucket = try Bucket(
      location,
      environment: [
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_REGION": "us-east-1",
      ])
    let url = try ObjectClient(bucket).signedURL(
      of: "test.txt", at: 1_369_353_600, seconds: 86_400)
    #expect(
      url == "https://examplebucket.s3.amazonaws.com/test.txt"
        + "?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
  }

  /// Amazon's own library signs the same, at the same moment, with a token and with names that need
  /// encoding.
  @Test(.enabled(if: ObjectServer.missing == nil, "botocore is not installed"))
  func `A link is the one that Amazon's own library makes`() throws {
    let now = 1_795_990_048
    for (endpoint, addressing) in [
      ("https://s3.eu-west-1.amazonaws.com", BucketAddressing.host),
      ("https://storage.example:9000", .path),
    ] {
      var location = try BucketLocation("s3://a-bucket/pre/fix", endpoint: endpoint)
      location.addressing = addressing
      let environment = [
        "AWS_ACCESS_KEY_ID": "KEY", "AWS_SECRET_ACCESS_KEY": "se/cr+et",
        "AWS_SESSION_TOKEN": "to/k+en==", "AWS_REGION": "eu-west-1",
      ]
      let path = "tenants/acme/annual/2025/releases/20260101t000000z-0a/data/a b+ü=.html"
      let url = try ObjectClient(try Bucket(location, environment: environment)).signedURL(
        of: path, at: now, seconds: 3600)
      let script = """
        import sys, datetime, botocore.auth, botocore.awsrequest, botocore.credentials
        moment = datetime.datetime.fromtimestamp(int(sys.argv[2]), datetime.timezone.utc)
        botocore.auth.get_current_datetime = lambda *_, **__: moment.replace(tzinfo=None)
        keys = botocore.credentials.Credentials('KEY', 'se/cr+et', 'to/k+en==')
        request = botocore.awsrequest.AWSRequest(method='GET', url=sys.argv[1])
        botocore.auth.S3SigV4QueryAuth(keys, 's3', 'eu-west-1', expires=3600).add_auth(request)
        print(request.prepare().url)
        """
      let plain = String(try #require(url.split(separator: "?").first))
      let made = try Program.run(
        [
          Places.project + "/.build-judges/bin/python", "-c", script, plain, "\(now)",
        ])
      let fields = { (text: String) in
        Set(text.split(separator: "?").last?.split(separator: "&").map(String.init) ?? [])
      }
      #expect(made.status == 0, "\(made.output)")
      #expect(
        fields(made.output.trimmingCharacters(in: .whitespacesAndNewlines)) == fields(url),
        "\(made.output)")
    }
  }
}
