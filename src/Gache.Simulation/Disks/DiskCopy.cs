using Gache.Log;

namespace Gache.Simulation;

/// <summary>A copy of a data folder, as an operator makes one with <c>cp -r</c> while the node is down, and may put back much later.</summary>
internal static class DiskCopy
{
    /// <summary>Copies the files of a folder to another disk, and syncs them there.</summary>
    public static void Copy(IFileSystem from, IFileSystem to, string folder)
    {
        to.CreateFolder(folder);
        foreach (string name in from.List(folder))
        {
            string path = Path.Combine(folder, name);
            using IFile source = from.Open(path);
            byte[] bytes = new byte[source.Length];
            source.Read(0, bytes);
            using IFile copy = to.Create(path, bytes.Length);
            copy.Write(0, bytes);
            copy.Sync();
        }

        to.SyncFolder(folder);
        string above = Path.GetDirectoryName(folder) ?? "";
        if (above.Length > 0) to.SyncFolder(above);
    }
}
