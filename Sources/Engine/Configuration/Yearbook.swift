/// The program's own name and number.
public enum Yearbook {
  public static let version = "0.1.0"
}
