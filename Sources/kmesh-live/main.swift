import Live

print("kmesh-live")
