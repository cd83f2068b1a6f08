extension SampleWords {
  /// A team in Tokyo. Its reports are in English; its names and notes are mostly Japanese.
  static let japanese = SampleWords(
    people: [
      ("美咲", "高橋"), ("健太", "渡辺"), ("さくら", "小林"), ("Emily", "Tanaka-Ross"), ("大輔", "中村"),
      ("陽菜", "加藤"), ("Nguyễn", "Thị Ánh"), ("翔", "伊藤"),
    ],
    ideas: [
      Idea(
        "改札シミュレーター", "混雑時の待ち行列を一万人分シミュレーションします。", "Rust", "simulation,鉄道"),
      Idea("手書き漢字の検索", "画数と書き順から候補を出す、オフラインで動く辞書。", "Swift", "検索,漢字,ios"),
      Idea(
        "Vending machine telemetry", "Stock levels over a radio that sends twelve bytes an hour.",
        "C",
        "iot,lora"),
      Idea("地震速報のしくみ 📈", "観測データを購読し、三秒以内に通知するまでの道のり。", "Go", "通知,リアルタイム"),
      Idea(
        "Furigana for everything", "Adds readings above kanji and lets a teacher correct them.",
        "TypeScript", "text,education"),
      Idea("俳句ジェネレーター", "五七五を守る文法と、季語の小さなデータベース。", "Python", "言葉,humor"),
      Idea(
        "Lock-free ring buffer", "Two threads, one cache line each, and a proof on paper.", "C++",
        "concurrency,lock-free"),
      Idea("弁当の在庫予測", "天気と曜日だけで、廃棄を三割減らせました。", "Julia", "予測,data"),
      Idea("深夜バスの経路探索", nil, "Kotlin", "graph,地図"),
      Idea(
        "Pixel-exact PDF diff", "Finds the one moved stamp on page 41.", "Rust", "pdf,images"),
      Idea("温泉マップ", "源泉の温度を地図に重ねるだけの、しあわせなアプリ。", "TypeScript", "地図,web"),
      Idea(
        "Deterministic game replays", "Inputs in, the same frame out, on every machine we own.",
        "C#",
        "games,determinism"),
      Idea("音ゲーの遅延測定", "ヘッドホンごとの遅延をミリ秒で比べる小さな道具。", "C++", "audio,latency"),
      Idea(
        "Tiny OCR for receipts", "Reads totals, not secrets: everything else is blurred first.",
        "Python",
        "ocr,privacy"),
    ],
    subjects: [
      "自動販売機のカタ", "ボウリングのスコア", "FizzBuzz を関数型で", "Legacy code retreat", "テスト駆動で電卓",
      "Ports and adapters in an hour", "リファクタリング入門", "じゃんけん最強戦略",
    ],
    messages: [
      "緑になりました！", "次のドライバーお願いします。", "名前を変えましょうか。", "Five minutes left!", "すばらしい 👏",
    ])
}
