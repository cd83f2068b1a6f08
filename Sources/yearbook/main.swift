print("yearbook")
