"""The rival's app: federated averaging on the WDBC data with Flower."""
