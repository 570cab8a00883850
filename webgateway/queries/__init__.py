"""What the webgateway asks the OMERO server: HQL and services, no HTTP."""
