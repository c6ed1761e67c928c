// Compiled, not run: the CommonJS face has types of its own.

import tollhouse = require("tollhouse");
import testing = require("tollhouse/testing");

export const gateway: tollhouse.Gateway = testing.testingGateway([{ status: 503 }]);
export const code: tollhouse.ErrorCode = "closed";
