"""Stores of a brand (品牌门店), for partners and brands."""
