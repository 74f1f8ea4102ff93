"""Which versions of a model are loaded, from first sight on disk to the last request of an unloaded one."""
