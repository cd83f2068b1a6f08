package import Basics

extension LocaleFormat {
  /// `20 de novembro de 2026`; in Portuguese the first day of a month is `1º`.
  package func date(_ day: CivilDate) -> String {
    switch language {
    case "pt" where day.day == 1: "1º de \(monthName(day.month)) de \(day.year)"
    case "pt", "es": "\(day.day) de \(monthName(day.month)) de \(day.year)"
    case "en" where isMonthFirst: "\(monthName(day.month)) \(day.day), \(day.year)"
    case "en": "\(day.day) \(monthName(day.month)) \(day.year)"
    default: day.description
    }
  }

  /// For tables, with almost constant width: `20/11/2026`, `20 Nov 2026`; in other languages ISO
  /// 8601.
  package func shortDate(_ day: CivilDate) -> String {
    let dd = CivilDate.padded(day.day, 2)
    let mm = CivilDate.padded(day.month, 2)
    switch language {
    case "pt", "es": return "\(dd)/\(mm)/\(day.year)"
    // Digits alone could be read both ways.
    case "en" where isMonthFirst: return "\(shortMonthName(day.month)) \(day.day), \(day.year)"
    case "en": return "\(day.day) \(shortMonthName(day.month)) \(day.year)"
    default: return day.description
    }
  }

  /// `novembro`; a number in other languages.
  package func monthName(_ month: Int) -> String {
    switch language {
    case "pt":
      [
        "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro",
        "outubro", "novembro", "dezembro",
      ][month - 1]
    case "en":
      [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
      ][month - 1]
    case "es":
      [
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
        "octubre", "noviembre", "diciembre",
      ][month - 1]
    case "zh", "ja": "\(month)月"
    default: String(month)
    }
  }

  /// `nov`; a number in other languages.
  package func shortMonthName(_ month: Int) -> String {
    switch language {
    case "pt", "en", "es": String(monthName(month).prefix(3))
    case "zh", "ja": "\(month)月"
    default: String(month)
    }
  }

  /// `novembro de 2026`
  package func month(_ month: Int, of year: Int) -> String {
    switch language {
    case "pt", "es": "\(monthName(month)) de \(year)"
    case "en": "\(monthName(month)) \(year)"
    case "zh", "ja": "\(year)年\(month)月"
    default: "\(year)-\(CivilDate.padded(month, 2))"
    }
  }

  /// `2026`, `4º trimestre de 2026`, `novembro de 2026`, `semana 48 de 2026 (23 a 29 de
  /// novembro)`, `1º de março a 15 de maio de 2026`
  package func period(_ period: Period) -> String {
    switch period.kind {
    case .year: return String(period.start.year)
    case .month: return month(period.start.month, of: period.start.year)
    case .quarter:
      let quarter = (period.start.month + 2) / 3
      switch language {
      case "pt": return "\(quarter)º trimestre de \(period.start.year)"
      case "es": return "\(quarter).º trimestre de \(period.start.year)"
      default: return "Q\(quarter) \(period.start.year)"
      }
    case .week: return week(period)
    case .range: return days(period.start, period.lastDay, of: nil)
    }
  }

  /// An hour of the day: `14h`, `14 h`, `2 pm`, `14:00`; `nil` for a number that is none.
  package func hour(_ hour: Int) -> String? {
    guard (0...23).contains(hour) else { return nil }
    switch language {
    case "pt": return "\(hour)h"
    case "es": return "\(hour)\(LocaleFormat.noBreakSpace)h"
    case "en" where isMonthFirst:
      let number = hour % 12 == 0 ? 12 : hour % 12
      return "\(number)\(LocaleFormat.noBreakSpace)\(hour < 12 ? "am" : "pm")"
    default: return "\(CivilDate.padded(hour, 2)):00"
    }
  }

  /// The name of a day of the week, 0 Monday … 6 Sunday, in English for other languages; `nil` for
  /// other numbers.
  package func weekdayName(_ weekday: Int) -> String? {
    guard (0...6).contains(weekday) else { return nil }
    switch language {
    case "pt":
      return [
        "segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado",
        "domingo",
      ][weekday]
    case "es":
      return ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"][weekday]
    default:
      return [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
      ][weekday]
    }
  }

  /// For something that happens repeatedly: `às terças-feiras`, `on Tuesdays`, `los martes`.
  package func onWeekdays(_ weekday: Int) -> String? {
    guard let name = weekdayName(weekday) else { return nil }
    switch language {
    case "pt" where weekday <= 4:
      return "às " + name.split(separator: "-").map { $0 + "s" }.joined(separator: "-")
    case "pt": return "aos \(name)s"
    case "es": return "los " + (weekday <= 4 ? name : name + "s")
    default: return "on \(name)s"
    }
  }

  /// One or two letters for a narrow column, 0 Monday … 6 Sunday.
  package func weekdayInitial(_ weekday: Int) -> String {
    guard (0...6).contains(weekday) else { return "" }
    switch language {
    case "pt": return ["S", "T", "Q", "Q", "S", "S", "D"][weekday]
    case "es": return ["L", "M", "X", "J", "V", "S", "D"][weekday]
    case "zh": return ["一", "二", "三", "四", "五", "六", "日"][weekday]
    case "ja": return ["月", "火", "水", "木", "金", "土", "日"][weekday]
    default: return ["M", "T", "W", "T", "F", "S", "S"][weekday]
    }
  }

  /// `2 h 05 min`, rounded down to the minute; `45 s` below a minute.
  package func duration(seconds: Int) -> String {
    let space = LocaleFormat.noBreakSpace
    let sign = seconds < 0 ? LocaleFormat.minus : ""
    // Not `abs`, which has no result for the least number.
    let length = Int(clamping: seconds.magnitude)
    if length == 0 { return "0" + space + "min" }
    if length < 60 { return "\(sign)\(length)\(space)s" }
    let minutes = length / 60 % 60
    let hours = length / 3600
    if hours == 0 { return "\(sign)\(minutes)\(space)min" }
    let rest = minutes == 0 ? "" : space + CivilDate.padded(minutes, 2) + space + "min"
    return sign + integer(hours) + space + "h" + rest
  }

  var isMonthFirst: Bool { ["", "US", "CA", "PH", "PR"].contains(region) }
}
