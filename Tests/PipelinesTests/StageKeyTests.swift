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

  @Test func `Two objects whose keys look alike are two inputs of a key`() {
    var inputs = KeyInputs(stage: "render", version: 1)
    inputs.add("picture \u{E9}.png", "one")
    inputs.add("picture e\u{301}.png", "two")
    #expect(inputs.parts.count == 4)
    var other = KeyInputs(stage: "render", version: 1)
    other.add("picture e\u{301}.png", "two")
    other.add("picture \u{E9}.png", "one")
    #expect(inputs.key == other.key)
    var swapped = KeyInputs(stage: "render", version: 1)
    swapped.add("picture \u{E9}.png", "two")
    swapped.add("picture e\u{301}.png", "one")
    #expect(swapped.key != inputs.key)
    // Plain names stay as they are, for `explain`.
    #expect(inputs.parts["stage"] == "render")
  }
}
