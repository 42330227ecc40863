"""The Textual front end. Importing this package loads no Textual: `screens.app` does."""
