SELECT E'a'
'\'' , now() -- ', current_date