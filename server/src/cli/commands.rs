//! Every command, in the order in which help lists them.

use super::arguments::{Command, Flag};
use super::{bill, collect, configuration, count, log, logs, serve, ui, usage};

/// All commands.
pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: "serve",
        places: &[],
        about: "Serve the gateway on this machine, for everything that takes a base URL",
        flags: &[
            Flag { name: "port", value: Some("PORT"), about: "Listen on this port (8787); 0 takes any that is free" },
            Flag { name: "account", value: Some("NAME"), about: "Put NAME into the URLs instead of a random account" },
            CONFIG,
            DATABASE,
        ],
        run: serve::run,
    },
    Command {
        name: "ui",
        places: &[],
        about: "Show the calls of a log as pages in a browser",
        flags: &[
            Flag { name: "port", value: Some("PORT"), about: "Listen on this port; any that is free without it" },
            CONFIG,
            DATABASE,
        ],
        run: ui::run,
    },
    Command {
        name: "collect",
        places: &[],
        about: "Collect the logs that gateways upload",
        flags: &[
            Flag { name: "listen", value: Some("ADDRESS"), about: "Listen on ADDRESS (127.0.0.1:8790)" },
            Flag { name: "key-env", value: Some("NAME"), about: "Take the key from NAME (TOLLHOUSE_COLLECT_KEY)" },
            Flag { name: "db", value: Some("FILE"), about: "Keep the logs in FILE (tollhouse-fleet.db)" },
            Flag {
                name: "max-records",
                value: Some("N"),
                about: "Keep the newest N logs; without it there is no bound",
            },
        ],
        run: collect::run,
    },
    Command {
        name: "logs",
        places: &[],
        about: "List calls, the newest first",
        flags: &[
            Flag { name: "limit", value: Some("N"), about: "List at most N calls (20)" },
            Flag { name: "provider", value: Some("NAME"), about: "List the calls to this provider only" },
            SINCE,
            WHERE,
            Flag { name: "json", value: None, about: "Print one JSON object a line" },
            CONFIG,
            DATABASE,
        ],
        run: logs::run,
    },
    Command {
        name: "log",
        places: &["ID"],
        about: "Show one call with its bodies",
        flags: &[Flag { name: "json", value: None, about: "Print JSON" }, CONFIG, DATABASE],
        run: log::run,
    },
    Command {
        name: "usage",
        places: &[],
        about: "Sum up requests, tokens and cost",
        flags: &[
            Flag {
                name: "by",
                value: Some("NAMES"),
                about: "Tell apart by NAMES, with commas: model (the default), provider, day, metadata.KEY …",
            },
            SINCE,
            WHERE,
            Flag { name: "json", value: None, about: "Print JSON" },
            CONFIG,
            DATABASE,
        ],
        run: usage::run,
    },
    Command {
        name: "bill",
        places: &[],
        about: "What calls have cost in a period, by customer",
        flags: &[
            Flag {
                name: "by",
                value: Some("NAMES"),
                about: "Who a customer is: metadata.KEY, user, key, provider, model",
            },
            Flag {
                name: "lines", value: Some("NAMES"), about: "What a line is: provider,model (the default), day, …"
            },
            Flag { name: "since", value: Some("WHEN"), about: "From when on: 2026-11-01, or 31d (the default)" },
            Flag { name: "until", value: Some("WHEN"), about: "Up to when; now without it" },
            WHERE,
            Flag { name: "markup", value: Some("PERCENT"), about: "Add PERCENT to the cost" },
            Flag { name: "format", value: Some("FORMAT"), about: "Print json, csv or html instead of a table" },
            CONFIG,
            DATABASE,
        ],
        run: bill::run,
    },
    Command {
        name: "count",
        places: &["MODEL", "[TEXT]"],
        about: "Count the tokens of TEXT, or of the standard input",
        flags: &[],
        run: count::run,
    },
    Command {
        name: "config check",
        places: &["[FILE]"],
        about: "Check FILE, or the tollhouse.toml in this directory",
        flags: &[],
        run: configuration::check,
    },
    Command {
        name: "schema",
        places: &[],
        about: "Print the JSON Schema of the configuration",
        flags: &[],
        run: configuration::schema,
    },
];

const WHERE: Flag = Flag {
    name: "where",
    value: Some("LINE"),
    about: "Keep to what LINE says, such as 'status:>=500 cost:>0.02 meta.team:search'",
};
const SINCE: Flag = Flag { name: "since", value: Some("TIME"), about: "Go back a span such as 1h or 7d, or to a day" };
const CONFIG: Flag = Flag { name: "config", value: Some("FILE"), about: "Read FILE instead of tollhouse.toml" };
const DATABASE: Flag =
    Flag { name: "db", value: Some("FILE"), about: "Keep the log in FILE instead of logs.path, or of tollhouse.db" };
