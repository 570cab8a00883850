"""OMERO.web inside IIS. Source: contract/config-cli-deploy.md, section 9."""
