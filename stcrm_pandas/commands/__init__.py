"""The subcommands of `stcrm`, a file each."""
