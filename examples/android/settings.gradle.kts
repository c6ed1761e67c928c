pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "tollhouse-example"
include(":app")
// The AAR of this checkout, in the place of dev.tollhouse:tollhouse-android.
includeBuild("../../kotlin/android") {
    dependencySubstitution { substitute(module("dev.tollhouse:tollhouse-android")).using(project(":")) }
}
