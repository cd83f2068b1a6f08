import Basics

/// A recording of the sample: its format, its story and its dojo.
struct SampleRecording {
  enum Shape { case webmVP8, webmVP9, mp4H264 }

  /// `rec-1.webm`
  var name: String
  var shape: Shape
  var width: Int
  var height: Int
  var seconds: Int
  /// Frames per second; with `isUneven`, on average.
  var rate: Int
  /// Whether frames come at uneven times, as from a busy laptop.
  var isUneven = false
  /// How much of the file exists, in hundredths, as if the browser had been closed.
  var kept = 100
  /// The day of its dojo.
  var day: CivilDate
  /// The lines that are typed in it.
  var code: [String]

  static let saoPaulo = [
    SampleRecording(
      name: "kata-da-pizzaria.webm", shape: .webmVP8, width: 640, height: 360, seconds: 8, rate: 15,
      day: CivilDate(2025, 4, 16),
      code: [
        "def test_meia_calabresa():", "    pedido = Pedido(\"calabresa\", \"marguerita\")",
        "    assert pedido.preco() == 62.00", "", "def preco(self):",
        "    return max(s.preco for s in self.sabores)",
      ]),
    SampleRecording(
      name: "jogo-da-vida.webm", shape: .webmVP8, width: 640, height: 360, seconds: 12, rate: 15,
      kept: 62, day: CivilDate(2026, 5, 20),
      code: [
        "fn vizinhos(c: Celula) -> impl Iterator<Item = Celula> {",
        "    OITO.iter().map(move |d| c + *d)",
        "}", "", "// nasce com três, vive com duas ou três",
        "vivos.retain(|c| regra(c, &contagem));",
      ]),
    SampleRecording(
      name: "heranca-fora.mp4", shape: .mp4H264, width: 640, height: 360, seconds: 6, rate: 15,
      day: CivilDate(2026, 8, 19),
      code: [
        "struct Desconto { let regra: (Pedido) -> Dinheiro }", "",
        "let amigo = Desconto { $0.total * 0.1 }", "let estudante = Desconto { _ in .reais(5) }",
        "#expect(amigo.regra(pedido) == .reais(6))",
      ]),
    SampleRecording(
      name: "bowling-em-dupla.webm", shape: .webmVP8, width: 640, height: 360, seconds: 6, rate: 15,
      day: CivilDate(2026, 10, 14),
      code: [
        "test('doze strikes dão trezentos', () => {", "  const jogo = new Jogo()",
        "  repita(12, () => jogo.derruba(10))", "  expect(jogo.placar()).toBe(300)", "})",
      ]),
  ]

  static let losAngeles = [
    SampleRecording(
      name: "gilded-rose.webm", shape: .webmVP9, width: 640, height: 360, seconds: 7, rate: 16,
      isUneven: true, day: CivilDate(2025, 6, 11),
      code: [
        "test(\"aged brie gets better\", () => {",
        "  const [brie] = age([item(\"Aged Brie\", 2, 0)]);",
        "  expect(brie.quality).toBe(1);", "});",
      ]),
    SampleRecording(
      name: "url-shortener.mp4", shape: .mp4H264, width: 960, height: 540, seconds: 8, rate: 24,
      day: CivilDate(2026, 3, 18),
      code: [
        "func Shorten(long string) (string, error) {", "\tkey := base62(hash(long))[:7]",
        "\tif err := store.Put(key, long); err != nil {", "\t\treturn \"\", err", "\t}",
        "\treturn key, nil", "}",
      ]),
  ]

  static let madrid = [
    SampleRecording(
      name: "ascensor.mp4", shape: .mp4H264, width: 640, height: 360, seconds: 7, rate: 25,
      day: CivilDate(2025, 10, 22),
      code: [
        "it('sube al cuarto piso', () => {", "  ascensor.llamar(4)", "  reloj.avanza(segundos(12))",
        "  expect(ascensor.planta).toBe(4)", "})",
      ]),
    SampleRecording(
      name: "tienda-de-lamparas.webm", shape: .webmVP9, width: 640, height: 360, seconds: 6,
      rate: 15,
      day: CivilDate(2026, 9, 9),
      code: [
        "val total = cesta.lineas", "  .map { it.precio * it.cantidad }",
        "  .fold(CERO, Dinero::mas)",
        "total shouldBe euros(\"42,10\")",
      ]),
  ]

  static let tokyo = [
    SampleRecording(
      name: "jihanki.webm", shape: .webmVP8, width: 360, height: 640, seconds: 6, rate: 15,
      day: CivilDate(2025, 7, 3),
      code: [
        "// 自動販売機のカタ", "自販機.入金(100)", "自販機.入金(50)", "let お茶 = 自販機.買う(.お茶)", "#expect(お茶 != nil)",
      ]),
    SampleRecording(
      name: "bowling.webm", shape: .webmVP9, width: 480, height: 360, seconds: 6, rate: 15,
      day: CivilDate(2026, 2, 5),
      code: [
        "#[test]", "fn 全部ストライク() {", "    let g = roll(&[10; 12]);",
        "    assert_eq!(g.score(), 300);",
        "}",
      ]),
  ]
}
