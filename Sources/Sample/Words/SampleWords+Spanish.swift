extension SampleWords {
  static let spanish = SampleWords(
    people: [
      ("Lucía", "Fernández-Ochoa"), ("Iñaki", "Etxeberria"), ("Begoña", "Núñez"),
      ("Álvaro", "Güell"),
      ("Nuria", "Pérez Galdós"), ("Xoán", "Castro"), ("Carmen", "de la Peña"),
      ("Mohamed", "Benali"),
      ("Sofía", "Ibáñez"), ("Jordi", "Llull"),
    ],
    ideas: [
      Idea(
        "Árbol genealógico en grafos",
        "Primos, sobrinos y ciclos imposibles, con consultas en milisegundos.",
        "Scala", "grafos,consultas"),
      Idea(
        "Alquiler justo", "Compara el precio por metro con los datos abiertos del barrio.",
        "Python",
        "datos,mapas,ciudad"),
      Idea(
        "Cola de la panadería", "Turnos sin papel: una pantalla, un botón y ningún registro.",
        "Elixir",
        "tiempo-real,web"),
      Idea(
        "Traductor de recetas antiguas",
        "De arrobas y cuartillos a gramos, con las dudas marcadas.", "Ruby",
        "texto,humor"),
      Idea(
        "Un Raft que se entiende", "Elección de líder animada y con pruebas de partición.", "Go",
        "consenso,simulación"),
      Idea(
        "Firma de PDF en el navegador", "Sin subir el documento: todo ocurre en la pestaña.",
        "TypeScript",
        "pdf,criptografía"),
      Idea(
        "Huerto conectado", "Humedad y riego con una placa de tres euros.", "C", "iot,sensores"),
      Idea(
        "Corrector de eñes", "Recupera tildes y eñes perdidas en migraciones mal hechas.", "Rust",
        "texto,unicode"),
      Idea(
        "-- No borrar: prueba de carga", "Cien mil usuarios de mentira contra la cola real.",
        "Java",
        "carga,pruebas"),
      Idea(
        "Ajedrez por correo", "Un tablero que viaja en el asunto del mensaje.", "Python",
        "juego,correo"),
      Idea(
        "Mapa de sombras", "El camino más fresco al trabajo, calle a calle y hora a hora.", "Rust",
        "mapas,clima"),
      Idea(
        "Facturas sin céntimos perdidos",
        "Reparto exacto de redondeos, demostrado con propiedades.",
        "Kotlin", "decimal,finanzas"),
      Idea(
        "Compositor de sevillanas", nil, "Haskell", "música,azar"),
      Idea(
        "Radio del barrio", "Emisión por WebRTC que aguanta el móvil de la abuela.", "TypeScript",
        "audio,webrtc"),
      Idea(
        "Réplica de lectura en diez minutos", "PostgreSQL, un disco lento y lo que se aprende.",
        "Shell",
        "postgres,operaciones"),
      Idea(
        "Buscador de setas", "Clasifica fotos y, ante la duda, dice que no se coma.", "Python",
        "visión,salud"),
      Idea(
        "Cuadrícula accesible", "Una tabla de mil filas que se recorre con el teclado y la voz.",
        "JavaScript", "accesibilidad,web"),
      Idea(
        "Generador de crucigramas", "Restricciones y vuelta atrás; tarda menos que el café.",
        "Prolog",
        "restricciones,juego"),
    ],
    subjects: [
      "Kata del ascensor", "Refactor de la tienda de lámparas", "FizzBuzz sin condicionales",
      "El ahorcado en parejas", "Calculadora de cadenas", "Pruebas primero: carrito",
      "Mastermind con propiedades", "Del monolito al módulo", "Sudoku por restricciones",
      "Marcador de tenis",
    ],
    messages: [
      "¡Verde! ¿Quién sigue?", "Primero la prueba, luego el café.", "Cinco minutos y cambiamos.",
      "Ese nombre ya cuenta la historia.", "¿Y si lo borramos?",
    ])
}
