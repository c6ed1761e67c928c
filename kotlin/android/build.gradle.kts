// The AAR: the same Kotlin as the jar's, the native library of each ABI, and the rules that shrinkers need.

plugins {
    id("com.android.library") version "8.13.0"
    id("org.jetbrains.kotlin.android") version "2.2.21"
    `maven-publish`
}

group = "dev.tollhouse"
version = "0.1.0"

android {
    namespace = "dev.tollhouse.android"
    compileSdk = 36
    defaultConfig {
        // java.time, which logs are told in, came with it.
        minSdk = 26
        consumerProguardFiles("consumer-rules.pro")
    }
    sourceSets.getByName("main") {
        kotlin.srcDirs("../src/main/kotlin", "../src/generated/kotlin", "src/main/kotlin")
        // What ./build-native puts there.
        jniLibs.srcDirs("jniLibs")
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    publishing { singleVariant("release") }
}

kotlin { compilerOptions { jvmTarget.set(org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_17) } }

dependencies {
    api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.10.2")
    api("org.jetbrains.kotlinx:kotlinx-serialization-json:1.9.0")
    // From this version on its own libraries have pages of 16 kB.
    implementation("net.java.dev.jna:jna:5.18.1@aar")
    compileOnly("com.squareup.okhttp3:okhttp:4.12.0")
    compileOnly("com.openai:openai-java-core:4.8.0")
}

publishing {
    publications.register<MavenPublication>("release") {
        artifactId = "tollhouse-android"
        afterEvaluate { from(components["release"]) }
    }
}
