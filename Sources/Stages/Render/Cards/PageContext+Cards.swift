extension PageContext {
  /// The pictures to share for a template: `any`, and `shapes` of `href`, `width`, `height` and the
  /// name of the shape, such as `square`, which is true.
  var cardsView: PageView {
    PageView([
      "any": !cards.isEmpty,
      "shapes": ShareCardTemplates.Shape.allCases.filter { cards.contains($0.name) }.map { shape in
        PageView([
          "href": shape.name, "width": String(shape.width), "height": String(shape.height),
          shape.rawValue: true,
        ])
      },
    ])
  }
}
