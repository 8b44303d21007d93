"""The app: ``streamlit run app.py``. Navigation only; each page stands alone."""

from segcore.ui.navigation import navigate

navigate().run()
