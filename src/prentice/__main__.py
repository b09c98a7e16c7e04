from prentice.main import main

main()
