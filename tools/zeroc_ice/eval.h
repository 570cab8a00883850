/* CPython 3.11 removed this header; zeroc-ice 3.6.5 includes it and uses nothing of it. */
