"""Application servers and web-server set-ups: what stands behind the `omero web` command.

Source: contract/config-cli-deploy.md, sections 7 and 8.
"""
