"""The building blocks of every screen: rows, and the widgets that draw them. They know nothing of the wizard."""
