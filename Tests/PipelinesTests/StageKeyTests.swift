import Pipelines
import Testing

@Suite struct StageKeyTests {
  @Test func `The order in which inputs are named does not matter`() {
    var one = KeyInputs(stage: "render", version: 1)
    one.add("a", "1")
    one.add("b", "2")
    var other = KeyInputs(stage: "render", version: 1)
    other.add("b", "2")
    other.add("a", "1")
    #expect(one.key == other.key)
  }

  @Test func `Text cannot be moved between a name and a value without changing the key`() {
    var one = KeyInputs(stage: "render", version: 1)
    one.add("a", "1\n1:b=1:2")
    var other = KeyInputs(stage: "render", version: 1)
    other.add("a", "1")
    other.add("b", "2")
    #expect(one.key != other.key)
  }

  @Test func `The key of known inputs is known`() {
    // printf '5:stage=6:render\n7:version=1:1\n' | sha256sum
    #expect(
      KeyInputs(stage: "render", version: 1).key.hex
        == "c2925eb1cbb54830b58be523e1b78f482b9d9ac40377df4fbf79d1508c7e7512")
  }
}
