import Service

await ServiceEntry.main()
