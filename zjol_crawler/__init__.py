"""Everything that touches the network, a terminal or a clock: spiders, archives, the `zjol` command."""
