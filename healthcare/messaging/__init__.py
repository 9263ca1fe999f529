"""Did the letter go out, and if nobody can know, who is told so?

The postman: e-mail, SMS and web push. A message is a row of the verb's transaction; a worker hands it to a carrier
outside any transaction, once, and what may or may not have arrived is `unknown`, never sent again by itself.
"""
