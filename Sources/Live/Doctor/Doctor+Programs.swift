import Model

extension Doctor {
    /// Whether the kernel takes the programs as they are: they are loaded, with the smallest maps, and let go again.
    /// - Parameter canAsk: Without privilege the kernel would refuse for that reason alone.
    static func programCheck(canAsk: Bool) -> Check {
        let name = "programs"
        guard canAsk else { return Check(name, .unknown, "whether they can be loaded is told only with privilege") }
        do throws(LoadError) {
            for preset in Preset.allCases {
                let object = try ProgramObject.open()
                var settings = ProgramSettings(options: DataplaneOptions(preset))
                settings.hasPeriodicReports = true
                object.set(settings)
                for map in KernelMapName.inPrograms { object.setCapacity(1, of: map.rawValue) }
                for map in AuthorizationMapName.allCases { object.setCapacity(1, of: map.rawValue) }
                for map in EncryptionMapName.allCases { object.setCapacity(1, of: map.rawValue) }
                try object.load()
            }
            return Check(name, .ok, "the kernel takes them, in both presets")
        } catch {
            return Check(
                name, .missing, "\(error)", remedy: "use a newer kernel, or report what the kernel says of them")
        }
    }
}
