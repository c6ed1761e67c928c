package dev.tollhouse.android

import android.content.Context
import dev.tollhouse.Configuration
import java.io.File

/**
 * Keeps the log in a file of this app's own, in the folder that no backup and no transfer to another device takes along. The
 * system encrypts it with the rest of the app's data. Without it the log is in memory and ends with the gateway.
 */
public fun Configuration.logsInAppFolder(context: Context) {
    logs { path = File(context.noBackupFilesDir, "tollhouse.db").path }
}
