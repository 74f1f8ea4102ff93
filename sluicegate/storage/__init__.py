"""Small files and whole folders by URI: this machine's disk, `s3://`, `az://` and `gs://` behind one interface.

    storage.place.StorageFolder       read, list, create, replace, delete, upload, download
    storage.opening.at(uri)   the place that a path or URI names

Neither obstore nor google-cloud-storage is imported before a URI asks for it.
"""
