// Puts a freshly built library where the package looks for it: node scripts/place-native.mjs libtollhouse_node.so

import { copyFileSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import native from "../dist/native.js";

const place = native.nativeFile();
mkdirSync(dirname(place), { recursive: true });
// Renamed into place: a process that has the old one mapped keeps it whole.
copyFileSync(process.argv[2], `${place}.new`);
renameSync(`${place}.new`, place);
