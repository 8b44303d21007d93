"""Shared parts of the pages; the only modules of segcore that import Streamlit."""
