import YearbookCLI

Entry.main()
