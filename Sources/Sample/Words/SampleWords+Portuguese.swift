extension SampleWords {
  static let portuguese = SampleWords(
    people: [
      ("Ana Luíza", "Magalhães"), ("João", "Conceição"), ("Núbia", "d'Ávila"),
      ("Caetano", "Araújo"), ("Thaís", "Figueirôa"), ("Zé", "Maranhão"), ("Inês", "Portinari"),
      ("Otávio", "Bittencourt"), ("Raíssa", "Guimarães"), ("Francisco", "Xavier da Silva"),
      ("Jurema", "Tupinambá"), ("Luan", "Okamoto"),
    ],
    ideas: [
      Idea(
        "Fila de mensagens em 90 linhas",
        "Um broker mínimo com confirmação e reentrega, para entender o que o RabbitMQ faz por nós.",
        "Go", "filas,concorrência,tcp"),
      Idea(
        "Pix de mentira",
        "Simulador de pagamentos instantâneos com QR Code e conciliação no fim do dia.",
        "Kotlin", "pagamentos,qrcode,spring"),
      Idea(
        "Boleto vencido, e agora?",
        "Cálculo de juros e multa com decimais exatos e testes de propriedade.",
        "Rust", "decimal,testes,finanças"),
      Idea(
        "Mapa do ônibus ao vivo",
        "Posições da frota em um mapa, com WebSocket e tolerância a queda de rede.",
        "TypeScript", "mapas,websocket,tempo-real"),
      Idea(
        "=SOMA(A1:A9) sem planilha",
        "Um interpretador de fórmulas: analisador descendente, grafo de dependências e recálculo.",
        "Rust", "parser,planilha"),
      Idea(
        "Busca fonética em português", "Metaphone adaptado: acha Sousa quando se digita Souza.",
        "Python",
        "busca,texto,pt-br"),
      Idea(
        "Cache que esquece direito", "LRU, LFU e ARC lado a lado com a carga real da nossa API.",
        "Java",
        "cache,desempenho"),
      Idea(
        "Feijoada como código 🍲",
        "Receita declarativa em YAML, com plano de execução e fogo em paralelo.",
        "Go", "yaml,dag,humor"),
      Idea(
        "Detector de sono no ônibus",
        "Visão computacional no celular, sem mandar imagem para servidor algum.",
        "Kotlin", "visão,android,privacidade"),
      Idea(
        "Compressor de logs", "Dicionário treinado com os nossos próprios logs: 38 vezes menor.",
        "C", "zstd,logs"),
      Idea(
        "Assinatura digital passo a passo",
        "Ed25519 explicado em testes, do ponto da curva até o arquivo.",
        "Swift", "criptografia,testes"),
      Idea(
        "Acordes do violão", "Reconhece acordes pelo microfone com uma FFT escrita à mão.", "C++",
        "áudio,fft,música"),
      Idea(
        "Replicação lógica no PostgreSQL",
        "Do slot ao consumidor: o que acontece quando o consumidor cai.",
        "Elixir", "postgres,replicação"),
      Idea(
        "Formulário que funciona sem rede",
        "IndexedDB, fila local e resolução de conflitos em campo.",
        "TypeScript", "offline,pwa"),
      Idea(
        "Tabuleiro de xadrez em 4 KB", nil, "JavaScript", "jogo,tamanho"),
      Idea(
        "Leitor de nota fiscal", "Extrai itens e impostos da NF-e e confere a assinatura do XML.",
        "Python",
        "xml,impostos"),
      Idea(
        "Servidor HTTP só com epoll", "Dez mil conexões em uma única thread, medidas e comentadas.",
        "C",
        "rede,linux,epoll"),
      Idea(
        "Previsão de chuva na Paulista",
        "Regressão simples contra o modelo do INPE: empatou em dias secos.",
        "Julia", "dados,clima"),
      Idea(
        "Fonte de eventos para a lojinha",
        "Estoque reconstruído do diário, com instantâneos a cada mil fatos.",
        "Kotlin", "eventos,cqrs"),
      Idea(
        "Legendas para aulas", "Transcreve e alinha; o que não entende marca com clareza.",
        "Python",
        "áudio,acessibilidade"),
      Idea(
        "Teclado em braille na tela", "Seis pontos, vibração e nenhum olhar para o celular.",
        "Dart",
        "acessibilidade,flutter"),
      Idea(
        "Rinha de linguagens",
        "O mesmo serviço em sete linguagens, a mesma carga, um gráfico honesto.", nil,
        "benchmark"),
      Idea(
        "Monorepo sem dor", "Só testa o que mudou: grafo de pacotes e chave por conteúdo.", "Rust",
        "build,ci"),
      Idea(
        "Bloom na geladeira", "Lista de compras compartilhada que cabe em 256 bytes por pessoa.",
        "Swift",
        "estruturas,ios"),
    ],
    subjects: [
      "Kata da pizzaria em TDD", "Jogo da vida de Conway", "Refatorando sem medo: herança fora",
      "Bowling em dupla, cinco minutos cada", "Parser de CSV com aspas",
      "Números romanos ida e volta", "Cobrinha no terminal", "Caixa eletrônico, sem if",
      "Fila de banco: simulação", "Testes que não mentem", "Torre de Hanói recursiva",
      "Semáforo como máquina de estados",
    ],
    messages: [
      "Passou! Próximo piloto, por favor.", "Teste vermelho, era o que a gente queria.",
      "Dá para extrair isso num método?", "Cinco minutos, troca!", "Que solução bonita 👏",
    ])
}
