extension SampleWords {
  /// The people and ideas of the first tenant: those of the other Portuguese-speaking tenants and
  /// many more.
  static let guild = SampleWords(
    people: portuguese.people + guildPeople, ideas: portuguese.ideas + guildIdeas,
    subjects: portuguese.subjects + [
      "Gilded Rose à moda da casa", "Mars Rover em dupla", "Calculadora RPN sem estado",
      "Tênis: o placar que engana", "Agenda com fuso horário", "Fizz Buzz, só funções",
      "Da planilha ao teste", "Trip Service e dublês de teste", "Labirinto: busca em largura",
      "Anagramas em 20 minutos", "Legado: onde estão as costuras?", "Diamante, linha por linha",
      "Carrinho de compras com eventos", "Relógio digital em LCD", "Pedra, papel e polimorfismo",
      "Ordenar sem comparar",
    ], messages: portuguese.messages)

  private static let guildPeople = [
    ("Beatriz", "Sampaio"), ("Rui", "Fonseca"), ("Dandara", "Nascimento"), ("Kenji", "Watanabe"),
    ("Luíza", "Pacheco"), ("Tainá", "Potiguara"), ("Heitor", "Vasconcelos"), ("Yasmin", "Haddad"),
    ("Bruno", "Cavalcanti"), ("Marisa", "Tavares"), ("Iago", "Queiroz"), ("Celina", "Rebouças"),
    ("Davi", "Rosenberg"), ("Elisa", "Montenegro"), ("Gael", "Siqueira"), ("Helena", "Brandão"),
    ("Ícaro", "Teles"), ("Joana", "Lobato"), ("Kaique", "Barros"), ("Lia", "Nakamura"),
    ("Miguel", "Ângelo Prado"), ("Noemi", "Castanheira"), ("Olívia", "Duarte"),
    ("Paulo", "Sérgio Aguiar"), ("Quitéria", "Fontes"), ("Renan", "Mendonça"),
    ("Sabrina", "Kowalski"), ("Tomé", "Evangelista"), ("Ubiratan", "Lima"),
    ("Vera", "Lúcia Paixão"), ("Wesley", "Amorim"), ("Xênia", "Moraes"), ("Ygor", "Peçanha"),
    ("Zilda", "Coutinho"),
  ]

  private static let guildIdeas = [
    Idea(
      "Semáforo que conversa", "Cruzamentos negociam o verde por mensagens; sem centro.", "Elixir",
      "atores,cidade"),
    Idea(
      "Quem mexeu no meu CSV?", "Diferença por célula, com a conta da linha que mudou.", "Rust",
      "csv,diff"),
    Idea(
      "Editor de partituras no terminal", "Notas em Unicode e um metrônomo honesto.", "Go",
      "música,tui"),
    Idea(
      "Gerador de labirintos", "Cinco algoritmos, a mesma semente, lado a lado.", "TypeScript",
      "jogo,grafos"),
    Idea(
      "Cofre de senhas de papel", "Folhas impressas que se recuperam com duas de três.", "Python",
      "criptografia,papel"),
    Idea(
      "Raio-X do Dockerfile", "Mostra o que cada camada custa e o que ninguém usa.", "Go",
      "contêineres,build"),
    Idea(
      "Bingo acessível", "Cartelas que falam e um sorteio que se confere.", "TypeScript",
      "acessibilidade,jogo"),
    Idea(
      "Fila do posto de saúde", "Estimativa de espera com intervalos, não com promessas.", "Python",
      "saúde,dados"),
    Idea(
      "Um Git de brinquedo", "Objetos, árvores e um merge que cabe em duas telas.", "Swift",
      "git,estruturas"),
    Idea(
      "Tradutor de mainframe", "Lê copybooks e devolve tipos que o time entende.", "Kotlin",
      "cobol,legado"),
    Idea(
      "Mapa de calor do teclado", "Onde os dedos erram, por pessoa e por hora.", "Rust",
      "ergonomia,dados"),
    Idea(
      "Radar de dependências", "Avisa do que mudou de dono antes da atualização.", "Go",
      "segurança,ci"),
    Idea(
      "Coral por WebRTC", "Doze vozes, um maestro e a latência à mostra.", "TypeScript",
      "áudio,webrtc"),
    Idea(
      "Contador de passarinhos", "Reconhece o canto de nove espécies do quintal.", "Python",
      "áudio,natureza"),
    Idea(
      "Regex explicada por desenho", "Cada grupo vira um trilho; o texto percorre.", "TypeScript",
      "parser,ensino"),
    Idea(
      "Banco em memória que sobrevive", "Diário, instantâneo e um corte de energia de mentira.",
      "Rust", "banco,durabilidade"),
    Idea(
      "Horário de verão, para sempre", "Todos os fusos que o Brasil já teve, com testes.", "Java",
      "tempo,testes"),
    Idea(
      "Carteirinha do clube", "QR Code assinado que funciona sem internet.", "Swift",
      "qrcode,offline"),
    Idea(
      "Escalonador de faxina", "Restrições de verdade: rodízio, férias e alergias.", "Prolog",
      "restrições,humor"),
    Idea(
      "Árvore de decisão na parede", "Cada nó é um papel; a turma é o interpretador.", nil,
      "ensino,papel"),
    Idea(
      "Espelho de RPC", "Grava uma tarde de tráfego e a repete num laptop.", "Go", "rede,testes"),
    Idea(
      "Dicionário de gírias", "Busca por som, com exemplos da própria turma.", "Ruby",
      "texto,pt-br"),
    Idea(
      "Sismógrafo de elevador", "O acelerômetro conta qual andar range.", "Dart",
      "sensores,flutter"),
    Idea(
      "Linter de português", "Frases longas, voz passiva e palavras que ninguém diz.", "Rust",
      "texto,lint"),
    Idea(
      "Cinema em ASCII", "Vídeo no terminal a trinta quadros por segundo.", "C", "vídeo,tui"),
    Idea(
      "Painel do bairro", "Lixo, luz e ônibus num só lugar, de dados abertos.", "Elixir",
      "cidade,dados"),
    Idea(
      "Simulador de maré", "Três luas de mentira e uma praia que responde.", "Julia",
      "simulação,física"),
    Idea(
      "Roteiro de incêndio", "Transforma o runbook em passos que se marcam e se medem.", "Kotlin",
      "operações,humor"),
    Idea(
      "Recibo legível", "Reconstrói a nota a partir da foto amassada.", "Python", "visão,ocr"),
    Idea(
      "CRDT na lousa", "Dois times desenham sem rede e se encontram depois.", "TypeScript",
      "crdt,colaboração"),
    Idea(
      "Compilador de bolo", "Da receita ao cronograma do forno, com otimização.", "Scala",
      "compiladores,humor"),
    Idea(
      "Caça-níquel honesto", "Mostra a conta da casa a cada puxada.", "JavaScript",
      "probabilidade,ensino"),
    Idea(
      "Quebra-cabeça de logs", "Junta o pedido de um cliente em dez serviços.", "Go",
      "logs,rastreio"),
    Idea(
      "Partida a frio", "O que atrasa o primeiro pedido, em ordem de culpa.", "Java",
      "desempenho,jvm"),
    Idea(
      "Bordado por comando", "Uma linguagem de pontos que sai na máquina de costura.", "Ruby",
      "linguagens,arte"),
    Idea(
      "Cartógrafo de código", "O repositório como ilhas; as pontes são as dependências.", "Rust",
      "grafos,visualização"),
  ]
}

extension SampleWords.Idea {
  /// A later look at the same idea: in another language, measured, or made smaller.
  mutating func revisit(_ round: Int, number: Int) {
    let others = ["Rust", "Go", "Kotlin", "Swift", "Elixir", "Zig", "Python"]
    let chosen = others[number % others.count]
    let other = chosen == language ? others[(number + 1) % others.count] : chosen
    switch (number + round) % 4 {
    case 0:
      name += ", agora em \(other)"
      language = other
      description = "A mesma ideia em \(other), para comparar o que sobra e o que falta."
    case 1:
      name += ": medindo de verdade"
      description = "Os mesmos casos com carga real, perfil e um gráfico do antes e depois."
      tags.append("desempenho")
    case 2:
      name += " sem dependências"
      description = "Só a biblioteca padrão. Perdeu-se pouco; o binário encolheu."
    default:
      name += ", versão da turma"
      description = "Refeito em grupo a partir do retorno da primeira apresentação."
      tags.append("em-grupo")
    }
    if round > 3 { name += " (\(round))" }
  }
}
