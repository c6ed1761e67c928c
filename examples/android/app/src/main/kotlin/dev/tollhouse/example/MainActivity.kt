package dev.tollhouse.example

import android.app.Application
import android.os.Bundle
import androidx.activity.ComponentActivity
import androidx.activity.compose.setContent
import androidx.activity.viewModels
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawingPadding
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Button
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.unit.dp
import androidx.lifecycle.AndroidViewModel
import androidx.lifecycle.compose.collectAsStateWithLifecycle
import androidx.lifecycle.viewModelScope
import dev.tollhouse.Gateway
import dev.tollhouse.android.logsInAppFolder
import dev.tollhouse.broker
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull

/** Keeps the gateway and the chat over a turn of the screen. */
class ChatViewModel(application: Application) : AndroidViewModel(application) {
    private val gateway = Gateway {
        // No key is in the app: one that holds for some minutes comes from a server that knows its user.
        provider("openai") { key = broker { fetchToken() } }
        cache { ttl = 1.hours }
        logsInAppFolder(application)
    }
    private val chat = Chat(gateway)
    private var asking: Job? = null

    val state = chat.state

    fun ask(question: String) {
        asking?.cancel()
        asking = viewModelScope.launch { chat.ask(question) }
    }

    fun stop() = asking?.cancel()

    /** What was logged is on disk before the system may freeze or kill the app. */
    fun pause() = runBlocking { withTimeoutOrNull(1.seconds) { gateway.flush() } }

    /** Not on the main thread, and not in a scope that ends with the view model: it may write to the disk for a second. */
    override fun onCleared() {
        CoroutineScope(Dispatchers.IO).launch { gateway.close(1.seconds) }
    }

    /** Asks the app's own server. */
    private suspend fun fetchToken(): String = TODO("your server's short-lived key")
}

class MainActivity : ComponentActivity() {
    private val model: ChatViewModel by viewModels()

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContent { MaterialTheme { Screen(model) } }
    }

    override fun onStop() {
        model.pause()
        super.onStop()
    }
}

@Composable
fun Screen(model: ChatViewModel) {
    val state by model.state.collectAsStateWithLifecycle()
    var question by rememberSaveable { mutableStateOf("Tell me a joke") }
    Column(Modifier.safeDrawingPadding().padding(16.dp)) {
        OutlinedTextField(question, { question = it }, Modifier.fillMaxWidth(), label = { Text("Question") })
        if (state.isBusy) Button(onClick = { model.stop() }) { Text("Stop") } else Button(onClick = { model.ask(question) }) { Text("Ask") }
        Column(Modifier.weight(1f).verticalScroll(rememberScrollState())) { Text(state.answer) }
        state.problem?.let { Text(it, color = MaterialTheme.colorScheme.error) }
        state.cache?.let { Text("Cache: $it · cost: ${state.cost?.let { cost -> "${cost.toPlainString()} USD" } ?: "unknown"}") }
    }
}
