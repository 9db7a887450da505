print("kmesh-sim")
