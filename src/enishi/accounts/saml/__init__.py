"""SAML 2.0: what is asked of a sign-in service, and what of its answer is believed."""
